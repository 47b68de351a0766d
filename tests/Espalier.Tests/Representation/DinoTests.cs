using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Data.Sampling;
using Espalier.Representation.SelfSupervision;
using Espalier.Training.Loop;
using Espalier.Training.Optimizers;

namespace Espalier.Tests.Representation;

public sealed class DinoTests
{
    private const int Outputs = 32;

    [Theory]
    [InlineData(32, null, .9)]
    [InlineData(32, 8, .9)]
    [InlineData(64, 16, .81)]
    public void The_centre_follows_the_teachers_mean_over_the_whole_batch(int batch, int? micro, double kept)
    {
        using var scope = torch.NewDisposeScope();
        using Dataset data = Images(batch);
        using var dino = new Dino(Options, Shared, data, seed: 1);

        // Without weight decay at a rate of almost zero the teacher of the first step is the one that can be asked afterwards; the
        // directions of a head that has just been drawn magnify whatever moves the weights.
        using TrainingResult result = new Trainer(Training(batch, micro) with { Length = Duration.Samples(batch) }).Fit(dino, dino.ForTraining(data));
        Tensor expected = TeachersMean(dino, data, batch) * (1 - kept);
        Assert.True(expected.abs().max().ToDouble() > .01);
        Assert.Equal(0, (dino.Centre - expected).abs().max().ToDouble(), 2e-5);
    }

    [Fact]
    public void The_centre_of_a_teacher_that_stands_still_becomes_its_mean()
    {
        using var scope = torch.NewDisposeScope();
        using Dataset data = Images(32);
        using var dino = new Dino(Options, Shared, data, seed: 1);
        using TrainingResult result = new Trainer(Training(32, null) with { Length = Duration.Epochs(60) }).Fit(dino, dino.ForTraining(data));
        Assert.Equal(0, (dino.Centre - TeachersMean(dino, data, 32)).abs().max().ToDouble(), .02);
    }

    /// <summary>The mean of the teacher's logits over both global crops of the first epoch.</summary>
    private static Tensor TeachersMean(Dino dino, Dataset data, int batch)
    {
        using var noGradients = torch.no_grad();
        var order = new SampleStream(data.Count, new TrainerOptions().Seed);
        ViewBatch first = dino.ForTraining(data).Gather(order.Take(0, batch), 0);
        dino.Teacher.train();
        return dino.Teacher.call(torch.cat([first.Views[0], first.Views[1]])).mean([0]);
    }

    private static DinoOptions Options { get; } = new()
    {
        Head = new() { HiddenSize = 32, BottleneckSize = 16, OutputSize = Outputs },
        LocalCrops = 1,
        LocalSize = 4,
        Local = new() { ResizedCrop = new() { MinArea = .3, MaxArea = .6, Size = 4 } },
        FreezeLastLayer = Duration.Samples(0),
    };

    private static SelfSupervisionOptions Shared { get; } = new()
    {
        Encoder = new() { Channels = [8, 16], Strides = [1, 2] },
        Views = new() { Preset = "custom", First = new AugmentationOptions { Affine = new() { Rotation = 10, Shift = .1 } } },
    };

    private static TrainerOptions Training(int batch, int? micro) => new()
    {
        BatchSize = batch,
        BaseBatchSize = 32,
        MicroBatchSize = micro,
        GhostBatchSize = 8,
        Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 1e-15, Momentum = 0, WeightDecay = 0 },
        Ema = new() { Momentum = .99, Exclude = ["probe.*"] },
    };

    private static Dataset Images(int count)
    {
        using var generator = new torch.Generator(7);
        return new Dataset("noise", torch.rand([count, 1, 8, 8], generator: generator), torch.arange(count).remainder(3), ["a", "b", "c"]);
    }
}
