using System.Text.Json.Nodes;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Training.Checkpoints;
using Espalier.Training.Loop;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Tests.Training;

/// <summary>What may change between a checkpoint and its continuation, and what may not.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("resume-").FullName;

    private static TrainerOptions Options => new() { BatchSize = 32, Length = Duration.Steps(8), CheckpointEvery = Duration.Steps(4), Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.05 } };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(null, 8)]
    [InlineData(16, null)]
    [InlineData(16, 4)]
    public void Another_micro_batch_continues_to_the_same_weights(int? before, int? after)
    {
        Tensor whole = Train(Options, null, null, torch.nn.Tanh());
        Train(Options with { MicroBatchSize = before }, Folder, 4, torch.nn.Tanh());
        Tensor continued = Train(Options with { MicroBatchSize = after }, Folder, null, torch.nn.Tanh());
        Assert.InRange((whole - continued).abs().max().ToDouble(), 0, 1e-12);
    }

    [Fact]
    public void Where_groups_follow_the_micro_batch_another_one_is_refused_with_the_cure()
    {
        Train(Options with { MicroBatchSize = 16 }, Folder, 4, Norm());
        CheckpointException error = Assert.Throws<CheckpointException>(() => Train(Options with { MicroBatchSize = 8 }, Folder, null, Norm()));
        Assert.Contains("microBatchSize was 16 and is 8", error.Message, StringComparison.Ordinal);
        Assert.Contains("ghostBatchSize", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_groups_of_their_own_size_it_continues()
    {
        TrainerOptions options = Options with { GhostBatchSize = 8 };
        Tensor whole = Train(options, null, null, Norm());
        Train(options with { MicroBatchSize = 16 }, Folder, 4, Norm());
        Assert.InRange((whole - Train(options with { MicroBatchSize = 8 }, Folder, null, Norm())).abs().max().ToDouble(), 0, 1e-12);
    }

    [Fact]
    public void The_noise_scale_refuses_it()
    {
        TrainerOptions options = Options with { MeasureNoiseScale = true };
        Train(options with { MicroBatchSize = 16 }, Folder, 4, torch.nn.Tanh());
        Assert.Contains("measureNoiseScale", Assert.Throws<CheckpointException>(() => Train(options with { MicroBatchSize = 8 }, Folder, null, torch.nn.Tanh())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_batch_size_is_refused()
    {
        Train(Options, Folder, 4, torch.nn.Tanh());
        Assert.Contains("batchSize was 32 and is 16", Assert.Throws<CheckpointException>(() => Train(Options with { BatchSize = 16, BaseBatchSize = 32 }, Folder, null, torch.nn.Tanh())).Message, StringComparison.Ordinal);
    }

    /// <summary>A checkpoint from before an option existed has its default.</summary>
    [Theory]
    [InlineData("ghostBatchSize")]
    [InlineData("postHoc")]
    [InlineData("scaling.transferMoments")]
    [InlineData("optimizer.epsilon")]
    [InlineData("schedule")]
    public void An_option_that_the_file_lacks_refuses_nothing(string option)
    {
        Tensor whole = Train(Options, null, null, torch.nn.Tanh());
        Train(Options, Folder, 4, torch.nn.Tanh());
        Change(options =>
        {
            string[] path = option.Split('.');
            JsonObject at = path.Length == 1 ? options : options[path[0]]!.AsObject();
            Assert.True(at.Remove(path[^1]));
        });
        Assert.InRange((whole - Train(Options, Folder, null, torch.nn.Tanh())).abs().max().ToDouble(), 0, 1e-12);
    }

    private CheckpointFolder Folder => new(_folder);

    private static GhostBatchNorm Norm() => new(16);

    private void Change(Action<JsonObject> change)
    {
        SafetensorsFile file = SafetensorsFile.Open(Folder.Last);
        JsonObject state = JsonNode.Parse(file.Metadata["espalier.training"])!.AsObject();
        change(state["options"]!.AsObject());
        using var scope = torch.NewDisposeScope();
        KeyValuePair<string, Tensor>[] tensors = [.. file.Names.Select(n => new KeyValuePair<string, Tensor>(n, file.Load(n).clone()))];
        SafetensorsFile.Write(Folder.Last, tensors, new Dictionary<string, string> { ["espalier.training"] = state.ToJsonString() });
    }

    private static Tensor Train(TrainerOptions options, CheckpointFolder? folder, int? stopAfter, torch.nn.Module<Tensor, Tensor> middle)
    {
        torch.manual_seed(5);
        using Dataset data = InvariantModel.Data(96, torch.float64);
        using var model = torch.nn.Sequential(
            ("flat", torch.nn.Flatten(1)), ("a", torch.nn.Linear(6, 16)), ("m", middle), ("b", torch.nn.Linear(16, 3)));
        model.to(torch.float64);
        using var stop = new CancellationTokenSource();
        var progress = new Watcher(p =>
        {
            if (p.State.Step >= stopAfter)
                stop.Cancel();
        });
        new Trainer(options).Fit(new ClassificationObjective(model), data, new() { Checkpoints = folder, Resume = folder is not null, Progress = progress }, stop.Token).Dispose();
        using var noGradients = torch.no_grad();
        return torch.cat([.. model.parameters().Select(p => p.reshape(-1))]).clone();
    }

    private sealed class Watcher(Action<TrainingProgress> watch) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => watch(value);
    }
}
