using CsCheck;
using Espalier.Errors;
using Espalier.Training.Averages;
using Espalier.Training.Loop;
using Espalier.Training.Optimizers;
using Espalier.Training.Scaling;

namespace Espalier.Tests.Training;

/// <summary>The scaling rule and the averages far from the usual values: nothing may become NaN, and limits are the closed forms.</summary>
public sealed class ScalingExtremesTests
{
    [Fact]
    public void One_minus_a_power_is_finite_monotone_and_exact_everywhere()
    {
        Gen.Select(Gen.Double[0, 1], Gen.Double[-6, 7]).Sample((x, logarithm) =>
        {
            double kappa = Math.Pow(10, logarithm);
            double value = ScalingRule.OneMinusPower(x, kappa);
            Assert.InRange(value, 0, 1);
            double power = Math.Pow(x, kappa);
            Assert.Equal(1 - power, value, 1e-12 + (1e-9 * value));

            // (1 - x^κ) (1 + x^κ) = 1 - x^2κ, without a subtraction of nearly equal numbers.
            Assert.Equal(ScalingRule.OneMinusPower(x, 2 * kappa), value * (1 + power), 1e-12);
        }, iter: 20_000, seed: "0000000000001");
    }

    [Theory]
    [InlineData(0.5, 4096)]
    [InlineData(0.9, 14_145)]
    [InlineData(0.99, 148_281)]
    [InlineData(0, 1)]
    [InlineData(0, 1e6)]
    public void What_underflows_leaves_one(double x, double kappa) =>
        Assert.Equal(1 - Math.Pow(x, kappa), ScalingRule.OneMinusPower(x, kappa), 1e-15);

    [Theory]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.AdamW)]
    public void Hyperparameters_stay_finite_to_a_kappa_of_a_million(OptimizerKind kind)
    {
        var rule = new ScalingRule(kind, new() { Momentum = MomentumScaling.Exponential });
        Gen.Select(Gen.Double[0, 0.9999], Gen.Double[-6, 6]).Sample((momentum, logarithm) =>
        {
            double kappa = Math.Pow(10, logarithm);
            Hyperparameters scaled = rule.At(new Hyperparameters(0.01, momentum, momentum, 0.999, 1e-8, 0.1), kappa);
            Assert.True(double.IsFinite(scaled.LearningRate) && scaled.LearningRate > 0);
            Assert.InRange(scaled.Momentum, 0, 1);
            Assert.InRange(scaled.Beta1, 0, 1);
            Assert.True(double.IsFinite(scaled.WeightDecay) && scaled.WeightDecay >= 0);
            Assert.InRange(rule.EmaMomentum(momentum, kappa), 0, 1);
        }, iter: 5_000, seed: "0000000000001");
    }

    [Theory]
    [InlineData(EmaWarmup.None)]
    [InlineData(EmaWarmup.BiasCorrected)]
    [InlineData(EmaWarmup.Power)]
    [InlineData(EmaWarmup.Ratio)]
    [InlineData(EmaWarmup.Exponential)]
    public void Averages_of_one_constant_are_it_at_any_momentum_and_update(EmaWarmup warmup)
    {
        // An average of equal weights is that weight, whatever the shares; a NaN share is none.
        Gen.Select(Gen.OneOf(Gen.Const(0.0), Gen.Const(1.0), Gen.Const(0.5), Gen.Double[0, 1]), Gen.Int[1, 4096], Gen.Long[0, 10_000_000]).Sample((momentum, kappa, updates) =>
        {
            using var scope = torch.NewDisposeScope();
            using var module = torch.nn.Linear(1, 1, hasBias: false, dtype: torch.float64);
            using var flat = new FlatParameters(module);
            flat.Values.fill_(3);
            using var ema = new ModelEma(module, flat, new() { Momentum = momentum, Warmup = warmup }, new(), baseBatchSize: 16, epochSize: 100);
            ema.Restore(updates * 16, 0, 0);
            ema.Update(16L * kappa);
            Assert.Equal(3, ema.Weights.ToDouble(), 1e-12);
            Assert.InRange(ema.LatestMomentum, 0, 1);
        }, iter: 200, seed: "0000000000001");
    }

    [Fact]
    public void A_bias_corrected_average_at_momentum_one_is_the_equal_average()
    {
        using var module = torch.nn.Linear(1, 1, hasBias: false, dtype: torch.float64);
        using var flat = new FlatParameters(module);
        using var ema = new ModelEma(module, flat, new() { Momentum = 1, Warmup = EmaWarmup.BiasCorrected }, new(), baseBatchSize: 16, epochSize: 100);
        foreach (double value in (double[])[1, 2, 6])
        {
            using (torch.no_grad())
                flat.Values.fill_(value);
            ema.Update(16);
        }

        Assert.Equal(3, ema.Weights.ToDouble(), 1e-12);
        Assert.Equal(double.PositiveInfinity, ema.HalfLifeInSamples);
    }

    [Fact]
    public void A_decay_of_more_than_everything_is_refused_by_name()
    {
        var rule = new ScalingRule(OptimizerKind.AdamW);
        OptionsException error = Assert.Throws<OptionsException>(() => rule.At(new Hyperparameters(2, 0, 0.9, 0.999, 1e-8, 1), 2));
        Assert.Equal("weightDecay", error.Option);
    }
}
