using Espalier.Data;
using Espalier.Training.Checkpoints;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Tests.Training;

public sealed class MonitorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("monitor-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_number_that_is_none_is_never_the_best(bool maximize)
    {
        using Dataset data = InvariantModel.Data(64, torch.float32);
        using InvariantModel model = new();
        double[] values = maximize ? [double.NaN, 0.3, double.NaN, 0.7, 0.5] : [double.NaN, 0.7, double.NaN, 0.3, 0.5];
        var options = new TrainerOptions
        {
            BatchSize = 16,
            Length = Duration.Steps(5),
            EvaluateEvery = Duration.Steps(1),
            Monitor = new() { Metric = "told", Maximize = maximize },
        };
        using TrainingResult result = new Trainer(options).Fit(new Told(model, values), data, new() { Validation = data, Checkpoints = new CheckpointFolder(_folder) });
        Assert.Equal((maximize ? 0.7 : 0.3, 4 * 16L), result.Best);
    }

    /// <summary>A kill between the two loses what was saved but not told; what was told but not saved is told again.</summary>
    [Fact]
    public void What_a_checkpoint_holds_has_been_reported()
    {
        using Dataset data = InvariantModel.Data(64, torch.float32);
        using InvariantModel model = new();
        var checkpoints = new CheckpointFolder(_folder);
        var seen = new List<bool>();
        DateTime last = default;
        var progress = new Listener(p =>
        {
            DateTime written = File.Exists(checkpoints.Last) ? File.GetLastWriteTimeUtc(checkpoints.Last) : default;
            seen.Add(written != last);
            last = written;
            if (p.State.Step == 1)
                Assert.False(File.Exists(checkpoints.Last));
            else
                Assert.Equal(p.State.Step - 1, Step(checkpoints.Last));
        });
        var options = new TrainerOptions { BatchSize = 16, Length = Duration.Steps(4), CheckpointEvery = Duration.Steps(1) };
        using TrainingResult result = new Trainer(options).Fit(new InvariantModel.Classify(model), data, new() { Checkpoints = checkpoints, Progress = progress });
        Assert.Equal(4, seen.Count);
        Assert.Equal(4, Step(checkpoints.Last));
    }

    private static long Step(string path) => TrainingCheckpoint.ReadCounters(Espalier.Models.SafetensorsFile.Open(path)).Step;

    private sealed class Listener(Action<TrainingProgress> told) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => told(value);
    }

    private sealed class Told(InvariantModel model, double[] values) : InvariantModel.Classify(model)
    {
        private int _next;

        public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<LabelledBatch> data, EvaluationContext context) => new Dictionary<string, double> { ["told"] = values[_next++] };
    }
}
