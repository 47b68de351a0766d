using Espalier.Data;
using Espalier.Models;
using Espalier.Training.Loop;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;
using TorchSharp.Modules;

namespace Espalier.Tests.Training;

/// <summary>A batch norm that the caller froze with eval() stays frozen, whatever trains, judges or reads the model.</summary>
public sealed class FrozenLayerTests : IDisposable
{
    private readonly BatchNorm1d _frozen = torch.nn.BatchNorm1d(2);
    private readonly BatchNorm1d _free = torch.nn.BatchNorm1d(2);
    private readonly Sequential _model;

    public FrozenLayerTests()
    {
        _model = torch.nn.Sequential(("frozen", _frozen), ("free", _free), ("head", torch.nn.Linear(2, 2)));
        _model.train();
        _frozen.eval();
        foreach (Parameter parameter in _frozen.parameters())
            parameter.requires_grad_(false);
    }

    public void Dispose() => _model.Dispose();

    private static Dataset Data()
    {
        using var generator = new torch.Generator(1);
        Tensor x = torch.randn([64, 2], generator: generator) + 3;
        return new Dataset("points", x, x.select(1, 0).gt(3).to(torch.int64), ["low", "high"]);
    }

    private static double[] Statistics(BatchNorm1d layer) => [.. layer.running_mean!.to(torch.float64).data<double>().ToArray(), .. layer.running_var!.to(torch.float64).data<double>().ToArray()];

    [Fact]
    public void In_training_and_its_evaluations()
    {
        using Dataset data = Data();
        var options = new TrainerOptions { BatchSize = 16, Length = Duration.Epochs(3), EvaluateEvery = Duration.Steps(1), Ema = new() { Momentum = 0.9 } };
        using TrainingResult result = new Trainer(options).Fit(new ClassificationObjective(_model), data, new() { Validation = data });
        Assert.Equal([0, 0, 1, 1], Statistics(_frozen));
        Assert.True(Statistics(_free)[0] > 0.01);
    }

    [Fact]
    public void Under_a_classifier_and_after_it()
    {
        using (var classifier = new TorchClassifier(_model, [2], 2, InputBounds.Unbounded))
        {
            Assert.False(_free.training);
            using Tensor x = torch.ones(4, 2);
            classifier.Probabilities(x).Dispose();
        }

        Assert.True(_model.training);
        Assert.True(_free.training);
        Assert.False(_frozen.training);
    }

    [Fact]
    public void After_recalibration_of_the_others()
    {
        using Dataset data = Data();
        BatchNormStatistics.Recalibrate(_model, data, 16);
        Assert.False(_frozen.training);
        Assert.True(_free.training);
    }

    [Fact]
    public void Modes_of_a_copy_follow_by_name()
    {
        using Sequential copy = torch.nn.Sequential(("frozen", torch.nn.BatchNorm1d(2)), ("free", torch.nn.BatchNorm1d(2)), ("other", torch.nn.Linear(2, 2)));
        copy.eval();
        ModuleModes.Copy(_model, copy);
        Assert.Equal([false, true, true], copy.children().Select(c => c.training));
    }
}
