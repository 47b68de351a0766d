using Espalier.Errors;
using Espalier.Training.Optimizers;
using Espalier.Training.Scaling;

namespace Espalier.Tests.Training;

/// <summary>The rule against the paper's matrix identities and the closed forms of the specification.</summary>
public sealed class ScalingRuleTests
{
    private static readonly Hyperparameters Base = new(0.1, 0.9, 0.9, 0.999, 1e-8, 0.05);

    [Theory]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.Adam)]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.RmsProp)]
    [InlineData(OptimizerKind.Lars)]
    [InlineData(OptimizerKind.Lamb)]
    [InlineData(OptimizerKind.Adagrad)]
    public void At_the_base_batch_nothing_changes(OptimizerKind kind) =>
        Assert.Equal(Base, new ScalingRule(kind).At(Base, 1));

    [Theory]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.Adam)]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.RmsProp)]
    [InlineData(OptimizerKind.Lamb)]
    [InlineData(OptimizerKind.Adagrad)]
    public void Scaling_by_2_and_then_by_4_is_scaling_by_8(OptimizerKind kind)
    {
        var rule = new ScalingRule(kind);
        Hyperparameters twice = rule.At(rule.At(Base, 2), 4);
        Hyperparameters once = rule.At(Base, 8);
        Assert.Equal(once.LearningRate, twice.LearningRate, 1e-12);
        Assert.Equal(once.Momentum, twice.Momentum, 1e-12);
        Assert.Equal(once.Beta2, twice.Beta2, 1e-12);
        Assert.Equal(once.Epsilon, twice.Epsilon, 1e-18);
        Assert.Equal(once.WeightDecay, twice.WeightDecay, 1e-12);
    }

    [Fact]
    public void Sgd_keeps_the_effective_rate_linear_and_the_memory_constant_in_samples()
    {
        Hyperparameters at4 = new ScalingRule(OptimizerKind.Sgd).At(Base, 4);
        Assert.Equal(Math.Pow(0.9, 4), at4.Momentum, 1e-15);
        Assert.Equal(4 * 0.1 / (1 - 0.9), at4.LearningRate / (1 - at4.Momentum), 1e-12);
        Hyperparameters kept = new ScalingRule(OptimizerKind.Sgd, new() { Momentum = MomentumScaling.Keep }).At(Base, 4);
        Assert.Equal((0.4, 0.9), (kept.LearningRate, kept.Momentum));
    }

    [Fact]
    public void Adam_follows_the_square_root_rule()
    {
        Hyperparameters at4 = new ScalingRule(OptimizerKind.Adam).At(Base, 4);
        Assert.Equal(0.2, at4.LearningRate, 1e-15);
        Assert.Equal(0.5e-8, at4.Epsilon, 1e-20);
        Assert.Equal(Math.Pow(0.999, 4), at4.Beta2, 1e-15);
        Hyperparameters linear = new ScalingRule(OptimizerKind.Adam, new() { Betas = BetaScaling.Linear }).At(Base, 4);
        Assert.Equal(0.6, linear.Beta1, 1e-12);
        Assert.Equal(0.996, linear.Beta2, 1e-12);
    }

    [Fact]
    public void AdamW_decays_the_weights_by_the_same_factor_per_sample()
    {
        Hyperparameters at8 = new ScalingRule(OptimizerKind.AdamW).At(Base, 8);
        Assert.Equal(Math.Pow(1 - (0.1 * 0.05), 8), 1 - (at8.LearningRate * at8.WeightDecay), 1e-14);
    }

    [Fact]
    public void A_linear_beta_that_would_be_negative_is_refused_with_the_largest_legal_kappa()
    {
        var rule = new ScalingRule(OptimizerKind.Adam, new() { Betas = BetaScaling.Linear });
        OptionsException error = Assert.Throws<OptionsException>(() => rule.At(Base, 16));
        Assert.Contains("largest legal kappa is 10", error.Message);
    }

    [Fact]
    public void Kappa_must_be_positive() =>
        Assert.Throws<OptionsException>(() => new ScalingRule(OptimizerKind.Sgd).At(Base, 0));

    /// <summary>Paper section 3: the frozen-gradient system (θ, ζ, g) after κ small steps, and its scaling error δ.</summary>
    [Theory]
    [InlineData(0.9, 8)]
    [InlineData(0.999, 64)]
    [InlineData(0.5, 3)]
    public void Kappa_small_steps_equal_one_large_step_up_to_delta(double rho, int kappa)
    {
        const double eta = 0.01;
        (double theta, double zeta) = (1.3, -0.4);
        const double g = 0.7;
        for (int i = 0; i < kappa; i++)
        {
            // The paper's convention: the average takes the weights before the step.
            zeta = (rho * zeta) + ((1 - rho) * theta);
            theta -= eta * g;
        }

        double scaled = new ScalingRule(OptimizerKind.Sgd).EmaMomentum(rho, kappa);
        double oneStep = (scaled * -0.4) + ((1 - scaled) * 1.3);
        double delta = eta * (((1 - Math.Pow(rho, kappa)) / (1 - rho)) - kappa);
        Assert.Equal(1.3 - (kappa * eta * g), theta, 1e-12);
        Assert.Equal(oneStep, zeta - (delta * g), 1e-12);
    }

    [Theory]
    [InlineData(0.9, 8)]
    [InlineData(0.999, 16)]
    [InlineData(0.9999999, 32)]
    [InlineData(0.0, 4)]
    public void Two_point_scaling_is_exact_under_linear_drift(double rho, int kappa)
    {
        const double drift = -0.013;
        (double theta, double zeta) = (0.8, 0.1);
        for (int i = 0; i < kappa; i++)
        {
            theta += drift;
            zeta = (rho * zeta) + ((1 - rho) * theta);
        }

        (double before, double after) = ScalingRule.TwoPointWeights(rho, kappa);
        Assert.Equal(zeta, (Math.Pow(rho, kappa) * 0.1) + (before * 0.8) + (after * theta), 1e-12);
        Assert.Equal(ScalingRule.OneMinusPower(rho, kappa), before + after, 1e-15);
    }

    [Fact]
    public void Two_point_scaling_at_the_base_batch_is_the_plain_update()
    {
        (double before, double after) = ScalingRule.TwoPointWeights(0.99, 1);
        Assert.Equal(0, before, 1e-14);
        Assert.Equal(0.01, after, 1e-14);
    }

    [Fact]
    public void One_minus_power_does_not_cancel_near_one()
    {
        // 1 - (1-1e-12)^3 = 3e-12 - 3e-24 + ...; the naive form has 4 right digits at most.
        Assert.Equal(3e-12, ScalingRule.OneMinusPower(1 - 1e-12, 3), 1e-15);
        Assert.Equal(1, ScalingRule.OneMinusPower(0, 3));
    }

    /// <summary>Specification section 9.2: mean path of the noisy parabola, |ζ-ζ_base| averaged over the base steps.</summary>
    [Theory]
    [InlineData(8, EmaScaling.None, 0.0877, 5e-5)]
    [InlineData(8, EmaScaling.Linear, 1.49e-4, 5e-7)]
    [InlineData(8, EmaScaling.Exponential, 1.21e-4, 5e-7)]
    [InlineData(8, EmaScaling.TwoPoint, 2.8e-5, 5e-7)]
    [InlineData(256, EmaScaling.None, 0.1036, 5e-5)]
    [InlineData(256, EmaScaling.Linear, 5.46e-3, 5e-6)]
    [InlineData(256, EmaScaling.Exponential, 4.38e-3, 5e-6)]
    [InlineData(256, EmaScaling.TwoPoint, 1.03e-3, 5e-6)]
    public void The_noisy_parabola_departs_as_measured(int kappa, EmaScaling scaling, double published, double halfDigit)
    {
        const double eta = 1e-4;
        const double rho = 0.9999;
        const int steps = 10_000;
        double[] baseline = MeanPath(1, EmaScaling.Exponential, steps);
        double[] large = MeanPath(kappa, scaling, steps / kappa);
        double departure = Enumerable.Range(0, large.Length).Average(i => Math.Abs(large[i] - baseline[i * kappa]));
        Assert.Equal(published, departure, halfDigit);

        double[] MeanPath(int k, EmaScaling form, int count)
        {
            var rule = new ScalingRule(OptimizerKind.Sgd, new() { Ema = form });
            (double theta, double zeta) = (1, 1);
            var path = new double[count + 1];
            path[0] = zeta;
            for (int i = 1; i <= count; i++)
            {
                double old = theta;
                theta -= k * eta * theta;
                if (form == EmaScaling.TwoPoint)
                {
                    (double before, double after) = ScalingRule.TwoPointWeights(rho, k);
                    zeta = (Math.Pow(rho, k) * zeta) + (before * old) + (after * theta);
                }
                else
                {
                    double m = rule.EmaMomentum(rho, k);
                    zeta = (m * zeta) + ((1 - m) * theta);
                }

                path[i] = zeta;
            }

            return path;
        }
    }
}
