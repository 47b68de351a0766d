using Espalier.Data;
using Espalier.Models;
using Espalier.Training.Diagnostics;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Tests.Training;

public sealed class GradientNoiseScaleTests
{
    [Fact]
    public void Exact_expectations_give_back_signal_and_noise()
    {
        // E‖g_b‖² = |G|² + tr Σ / b
        const double signal = 0.3;
        const double trace = 12;
        var scale = new GradientNoiseScale(1000);
        for (int i = 0; i < 5; i++)
            scale.Add(signal + (trace / 16), 16, signal + (trace / 128), 128);
        Assert.Equal(signal, scale.SignalSquared, 1e-12);
        Assert.Equal(trace, scale.NoiseTrace, 1e-10);
        Assert.Equal(40, scale.Value, 1e-9);
    }

    [Fact]
    public void It_is_unknown_before_the_first_step_and_infinite_where_noise_hides_the_gradient()
    {
        var scale = new GradientNoiseScale(100);
        Assert.True(double.IsNaN(scale.Value));
        scale.Add(10, 10, 0.9, 100);
        Assert.Equal(double.PositiveInfinity, scale.Value);
    }

    /// <summary>One linear unit at fixed weights: the per-sample gradients are known, and so is tr Σ / |G|².</summary>
    [Theory]
    [InlineData(16)]
    [InlineData(null)]
    public void The_trainer_estimates_the_scale_of_a_known_gradient_distribution(int? micro)
    {
        torch.manual_seed(4);
        Tensor x = torch.randn(20_000, 5) + 0.4;
        using var data = new Dataset("noise", x, torch.zeros(20_000, dtype: torch.int64), ["one"], InputBounds.Unbounded);
        double trace = x.var(0).sum().ToDouble();
        double signal = x.mean([0]).pow(2).sum().ToDouble();
        using var model = torch.nn.Linear(5, 1, hasBias: false);
        using TrainingResult result = new Trainer(new()
        {
            BatchSize = 64,
            MicroBatchSize = micro,
            MeasureNoiseScale = true,
            Length = Duration.Epochs(3),
            Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 1e-12, Momentum = 0 },
        }).Fit(new Linear(model), data);
        Assert.InRange(result.NoiseScale!.Value, 0.9 * trace / signal, 1.1 * trace / signal);
    }

    /// <summary>The loss Σ w·x, whose gradient is the sample itself.</summary>
    private sealed class Linear(torch.nn.Module<Tensor, Tensor> model) : Objective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        public override LossSum Step(LabelledBatch batch, TrainingState state) => new(model.call(batch.Inputs).sum(), batch.Count);
    }

    /// <summary>Of two steps, each as many samples of the large batch as the half-life, the older counts half as much.</summary>
    [Fact]
    public void What_was_measured_counts_half_after_the_half_life_in_samples()
    {
        var scale = new GradientNoiseScale(64);
        (double signal, double noise)[] steps = [(2, 10), (5, 40)];
        foreach ((double signal, double noise) in steps)
            scale.Add(signal + (noise / 8), 8, signal + (noise / 64), 64);
        Assert.Equal((2 + (2 * 5)) / 3.0, scale.SignalSquared, 1e-12);
        Assert.Equal((10 + (2 * 40)) / 3.0, scale.NoiseTrace, 1e-10);
    }
}
