using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Checkpoints;
using Espalier.Training.Loop;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Tests.Training;

/// <summary>Effective batch, micro-batch and ghost batch are three things: only the first one decides what is learned.</summary>
public sealed class BatchInvarianceTests
{
    private static TrainerOptions Options(int? micro, int? ghost = 16) => new()
    {
        BatchSize = 64,
        MicroBatchSize = micro,
        GhostBatchSize = ghost,
        Length = Duration.Steps(20),
        Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.1, Momentum = 0.9 },
        Ema = new() { Momentum = 0.9 },
    };

    [Theory]
    [InlineData(16, torch.ScalarType.Float64, 1e-12)]
    [InlineData(48, torch.ScalarType.Float64, 1e-12)]
    [InlineData(32, torch.ScalarType.Float32, 1e-6)]
    public void Micro_batches_change_nothing_with_batch_norm_dropout_and_random_inputs(int micro, torch.ScalarType type, double tolerance)
    {
        Tensor whole = Train(m => new InvariantModel.Classify(m), Options(null), type);
        Tensor parts = Train(m => new InvariantModel.Classify(m), Options(micro), type);
        Assert.True(Departure(whole, parts) < tolerance, $"{Departure(whole, parts)}");
    }

    [Theory]
    [InlineData(16, torch.ScalarType.Float64, 1e-12)]
    [InlineData(32, torch.ScalarType.Float32, 1e-6)]
    public void A_contrastive_loss_with_cached_gradients_equals_the_whole_batch(int micro, torch.ScalarType type, double tolerance)
    {
        Tensor whole = Train(m => new InvariantModel.Contrast(m), Options(null), type);
        Tensor parts = Train(m => new InvariantModel.Contrast(m), Options(micro), type);
        Assert.True(Departure(whole, parts) < tolerance, $"{Departure(whole, parts)}");
    }

    [Fact]
    public void Cached_gradients_are_not_the_gradients_of_small_contrastive_batches()
    {
        // Were the loss taken per micro-batch, there would be fewer negatives: the equality above would hold by accident.
        Tensor whole = Train(m => new InvariantModel.Contrast(m), Options(null), torch.float64);
        Tensor small = Train(m => new InvariantModel.Contrast(m), Options(null) with { BatchSize = 16, Length = Duration.Samples(64 * 20), BaseBatchSize = 64 }, torch.float64);
        Assert.True(Departure(whole, small) > 1e-3);
    }

    [Fact]
    public void A_run_over_a_change_of_the_batch_size_resumes_bit_for_bit()
    {
        string folder = Directory.CreateTempSubdirectory("schedule-").FullName;
        TrainerOptions options = Options(null) with
        {
            BatchSize = 16,
            GhostBatchSize = 8,
            BatchSchedule = [new() { After = Duration.Samples(160), BatchSize = 64 }],
            Length = Duration.Samples(800),
            CheckpointEvery = Duration.Samples(100),
            Optimizer = new() { Kind = OptimizerKind.AdamW },
        };
        Tensor whole = Train(m => new InvariantModel.Classify(m), options, torch.float32);
        var checkpoints = new CheckpointFolder(folder);
        foreach (long stopAt in new[] { 96L, 160, 416 })
        {
            using var stop = new CancellationTokenSource();
            Train(m => new InvariantModel.Classify(m), options, torch.float32, checkpoints, p =>
            {
                if (p.State.SamplesSeen >= stopAt)
                    stop.Cancel();
            }, stop.Token);
        }

        Tensor resumed = Train(m => new InvariantModel.Classify(m), options, torch.float32, checkpoints);
        Assert.True(whole.equal(resumed).all().item<bool>());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void The_batch_follows_its_schedule_and_the_values_follow_the_base()
    {
        var seen = new List<(int Batch, double Rate, double Momentum)>();
        TrainerOptions options = Options(null) with
        {
            BatchSize = 16,
            BaseBatchSize = 32,
            GhostBatchSize = null,
            BatchSchedule = [new() { After = Duration.Samples(32), BatchSize = 32 }, new() { After = Duration.Samples(96), BatchSize = 128 }],
            Length = Duration.Samples(350),
            Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.1, Momentum = 0 },
            Schedule = new() { Shape = ScheduleShape.Constant },
        };
        Train(m => new InvariantModel.Classify(m), options, torch.float32, null, p => seen.Add((p.BatchSize, p.LearningRate, p.EmaMomentum)));
        Assert.Equal([16, 16, 32, 32, 128, 128], seen.Select(s => s.Batch));
        double[] kappas = [0.5, 0.5, 1, 1, 4, 126 / 32.0];
        for (int i = 0; i < kappas.Length; i++)
        {
            Assert.Equal(0.1 * kappas[i], seen[i].Rate, 1e-12);
            Assert.Equal(Math.Pow(0.9, kappas[i]), seen[i].Momentum, 1e-12);
        }
    }

    [Theory]
    [InlineData(OptimizerKind.Adam, "secondMoment", 4)]
    [InlineData(OptimizerKind.RmsProp, "secondMoment", 4)]
    [InlineData(OptimizerKind.Lamb, "secondMoment", 4)]
    [InlineData(OptimizerKind.Adam, "firstMoment", 1)]
    [InlineData(OptimizerKind.Sgd, "momentum", 1)]
    public void A_change_of_the_batch_size_shrinks_second_moments_only(OptimizerKind kind, string moment, double expected)
    {
        using InvariantModel model = new();
        using var flat = new FlatParameters(model);
        using Optimizer optimizer = Optimizer.Create(new() { Kind = kind }, flat);
        flat.Gradients.fill_(0.5);
        optimizer.Step(new(0.1, 0.9, 0.9, 0.99, 1e-8, 0));
        double before = optimizer.State[moment].sum().ToDouble();
        optimizer.BatchChanged(4);
        Assert.Equal(before / expected, optimizer.State[moment].sum().ToDouble(), Math.Abs(before) * 1e-6);
    }

    [Fact]
    public void A_coupled_loss_that_is_not_written_as_one_cannot_be_accumulated()
    {
        OptionsException error = Assert.Throws<OptionsException>(() => Train(m => new InvariantModel.CoupledWithoutEmbedding(m), Options(16), torch.float32));
        Assert.Equal("microBatchSize", error.Option);
        Assert.Contains("couples the samples", error.Message);
    }

    [Fact]
    public void A_plain_batch_norm_cannot_be_accumulated()
    {
        using Dataset data = InvariantModel.Data(100, torch.float32);
        using torch.nn.Module<Tensor, Tensor> model = torch.nn.Sequential(("a", torch.nn.Linear(6, 4)), ("norm", torch.nn.BatchNorm1d(4)), ("b", torch.nn.Linear(4, 3)));
        OptionsException error = Assert.Throws<OptionsException>(() => new Trainer(Options(16)).Fit(new ClassificationObjective(model), data));
        Assert.Contains("BatchNorm1d 'norm'", error.Message);
        new Trainer(Options(null) with { Length = Duration.Steps(2) }).Fit(new ClassificationObjective(model), data).Dispose();
    }

    [Theory]
    [InlineData(1, null, BatchNormMode.Ghost, "microBatchSize")]
    [InlineData(24, 16, BatchNormMode.Ghost, "ghostBatchSize")]
    [InlineData(null, 1, BatchNormMode.Ghost, "ghostBatchSize")]
    [InlineData(32, null, BatchNormMode.Whole, "microBatchSize")]
    [InlineData(32, null, BatchNormMode.Synchronized, "microBatchSize")]
    [InlineData(null, 16, BatchNormMode.Whole, "ghostBatchSize")]
    public void Impossible_groups_are_refused_by_name(int? micro, int? ghost, BatchNormMode mode, string option)
    {
        OptionsException error = Assert.Throws<OptionsException>(() => Train(m => new InvariantModel.Classify(m), Options(micro, ghost) with { BatchNorm = mode }, torch.float32));
        Assert.Equal(option, error.Option);
    }

    [Fact]
    public void A_base_batch_larger_than_the_data_is_refused()
    {
        OptionsException error = Assert.Throws<OptionsException>(() => Train(m => new InvariantModel.Classify(m), Options(null) with { BaseBatchSize = 4096 }, torch.float32));
        Assert.Equal("baseBatchSize", error.Option);
    }

    [Fact]
    public void Groups_smaller_than_the_base_batch_are_remarked_on()
    {
        using Dataset data = InvariantModel.Data(300, torch.float32);
        using InvariantModel model = new();
        using TrainingResult result = new Trainer(Options(16, null) with { Length = Duration.Steps(1) }).Fit(new InvariantModel.Classify(model), data);
        Assert.Contains("groups of 16", Assert.Single(result.Notes));
    }

    [Fact]
    public void Memory_does_not_grow_with_the_effective_batch()
    {
        using Dataset data = InvariantModel.Data(4096, torch.float32);
        long Peak(int batch)
        {
            DisposeScopeManager.Statistics.Reset();
            long most = 0;
            using InvariantModel model = new();
            using TrainingResult result = new Trainer(Options(64, 16) with { BatchSize = batch, Length = Duration.Samples(8192) })
                .Fit(new InvariantModel.Classify(model), data, new() { Progress = new Watcher(_ => most = Math.Max(most, DisposeScopeManager.Statistics.ThreadTotalLiveCount)) });
            return most;
        }

        Peak(64);
        Assert.InRange(Peak(4096), 0, Peak(64) + 8);
    }

    private static Tensor Train(Func<InvariantModel, Objective<LabelledBatch>> objective, TrainerOptions options, torch.ScalarType type, CheckpointFolder? folder = null, Action<TrainingProgress>? watch = null, CancellationToken stop = default)
    {
        using Dataset data = InvariantModel.Data(300, type);
        using InvariantModel model = InvariantModel.Create(type);
        using TrainingResult result = new Trainer(options).Fit(objective(model), data, new() { Checkpoints = folder, Resume = folder is not null, Progress = new Watcher(watch ?? (_ => { })) }, stop);
        return torch.cat([model.Flat(), result.Ema!.Weights.to(torch.float64)]);
    }

    private static double Departure(Tensor a, Tensor b) => ((a - b).norm() / a.norm()).ToDouble();

    private sealed class Watcher(Action<TrainingProgress> watch) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => watch(value);
    }
}
