using System.Globalization;
using Espalier.Errors;
using Espalier.Training.Optimizers;

namespace Espalier.Training.Scaling;

/// <summary>
/// What changes with the batch size so that training does not: from a base batch B to κB the learning rate, the
/// optimizer's decays and the EMA momentum follow κ (Busbridge et al. 2023, "How to Scale Your EMA", Definition 1.2;
/// Malladi et al. 2022 for adaptive optimizers). κ is evaluated per optimizer step from the samples it really holds,
/// so that short last batches and batch schedules need no special case.
/// </summary>
public sealed class ScalingRule
{
    private readonly OptimizerKind _optimizer;
    private readonly ScalingOptions _options;

    /// <summary>The rule for one optimizer.</summary>
    /// <param name="optimizer">Its kind.</param>
    /// <param name="options">What follows the batch size, and how; the defaults where null.</param>
    public ScalingRule(OptimizerKind optimizer, ScalingOptions? options = null)
    {
        _optimizer = optimizer;
        _options = options ?? new ScalingOptions();
    }

    /// <summary>The values to use at κ times the base batch.</summary>
    /// <param name="baseValues">The values at the base batch.</param>
    /// <param name="kappa">Batch over base batch; above 0.</param>
    /// <exception cref="OptionsException">κ is not above 0, or a linear form leaves its range at this κ.</exception>
    public Hyperparameters At(Hyperparameters baseValues, double kappa)
    {
        RequireKappa(kappa);
        if (kappa == 1)
            return baseValues;

        double rate = baseValues.LearningRate * RateFactor(kappa);
        return _optimizer switch
        {
            OptimizerKind.Sgd when _options.Momentum == MomentumScaling.Exponential => baseValues with
            {
                LearningRate = _options.LearningRate == LearningRateScaling.None
                    ? baseValues.LearningRate
                    : rate * OneMinusPower(baseValues.Momentum, kappa) / (1 - baseValues.Momentum),
                Momentum = Math.Pow(baseValues.Momentum, kappa),
            },
            OptimizerKind.Sgd or OptimizerKind.Lars or OptimizerKind.Adagrad => baseValues with { LearningRate = rate },
            OptimizerKind.AdamW => Adaptive(baseValues, rate, kappa) with { WeightDecay = Decoupled(baseValues, rate, kappa) },
            _ => Adaptive(baseValues, rate, kappa),
        };
    }

    /// <summary>The EMA momentum ρ̂ at κ times the base batch.</summary>
    /// <param name="momentum">ρ at the base batch, in [0, 1].</param>
    /// <param name="kappa">Batch over base batch; above 0.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public double EmaMomentum(double momentum, double kappa)
    {
        RequireKappa(kappa);
        OptionsException.Require(momentum is >= 0 and <= 1, "emaMomentum", momentum, "must lie in [0, 1]");
        return _options.Ema switch
        {
            EmaScaling.None => momentum,
            EmaScaling.Linear => Linear("emaMomentum", momentum, kappa),
            _ => Math.Pow(momentum, kappa),
        };
    }

    /// <summary>
    /// The weights of two-point scaling: before the step ζ ← ρ^κ ζ + w₀θ_old, after it ζ ← ζ + w₁θ_new. Under a linear
    /// drift of θ this is exactly the EMA of κ small steps.
    /// </summary>
    /// <param name="momentum">ρ at the base batch, in [0, 1].</param>
    /// <param name="kappa">Batch over base batch; above 0.</param>
    /// <returns>w₀, w₁ with w₀ + w₁ = 1 - ρ^κ.</returns>
    public static (double Before, double After) TwoPointWeights(double momentum, double kappa)
    {
        double after = AfterWeight(momentum, kappa);
        return (OneMinusPower(momentum, kappa) - after, after);
    }

    /// <summary>1 - x^κ without the cancellation near x = 1.</summary>
    /// <param name="x">In [0, 1].</param>
    /// <param name="kappa">Above 0.</param>
    /// <exception cref="OptionsException"><paramref name="x"/> is out of range.</exception>
    public static double OneMinusPower(double x, double kappa)
    {
        OptionsException.Require(x is >= 0 and <= 1, nameof(x), x, "must lie in [0, 1]");
        return OneMinusExponential(kappa * Math.Log(x));
    }

    /// <summary>1 - e^y without cancellation near y = 0, and 1 where e^y underflows.</summary>
    /// <param name="y">At most 0; minus infinity gives 1.</param>
    // 1 - e^y = -2 e^(y/2) sinh(y/2) is exact near 0, but 0 times infinity far below it.
    internal static double OneMinusExponential(double y) => y < -1 ? 1 - Math.Exp(y) : -2 * Math.Exp(y / 2) * Math.Sinh(y / 2);

    /// <summary>What changes and why, a line each: name, base value, value in use, reason.</summary>
    /// <param name="baseValues">The values at the base batch.</param>
    /// <param name="emaMomentum">ρ at the base batch, or null without an EMA.</param>
    /// <param name="kappa">Batch over base batch.</param>
    public IReadOnlyList<ScaledValue> Explain(Hyperparameters baseValues, double? emaMomentum, double kappa)
    {
        Hyperparameters scaled = At(baseValues, kappa);
        bool adaptive = _optimizer is OptimizerKind.Adam or OptimizerKind.AdamW or OptimizerKind.RmsProp or OptimizerKind.Lamb;
        var lines = new List<ScaledValue>
        {
            new("learningRate", baseValues.LearningRate, scaled.LearningRate, RateReason(adaptive || _optimizer == OptimizerKind.Adagrad)),
        };
        if (_optimizer is OptimizerKind.Sgd or OptimizerKind.Lars)
            lines.Add(new("momentum", baseValues.Momentum, scaled.Momentum, _optimizer == OptimizerKind.Sgd && _options.Momentum == MomentumScaling.Exponential ? "μ^κ: its memory stays constant in samples" : "kept"));
        if (_optimizer is OptimizerKind.Adam or OptimizerKind.AdamW or OptimizerKind.Lamb)
            lines.Add(new("beta1", baseValues.Beta1, scaled.Beta1, BetaReason()));
        if (adaptive)
        {
            lines.Add(new("beta2", baseValues.Beta2, scaled.Beta2, BetaReason()));
            lines.Add(new("epsilon", baseValues.Epsilon, scaled.Epsilon, "ε/√κ: the second moment shrinks with the gradient noise"));
        }

        if (_optimizer == OptimizerKind.AdamW)
            lines.Add(new("weightDecay", baseValues.WeightDecay, scaled.WeightDecay, "1-η̂λ̂ = (1-ηλ)^κ: the same decay per sample"));
        if (emaMomentum is { } rho)
            lines.Add(new("emaMomentum", rho, EmaMomentum(rho, kappa), _options.Ema == EmaScaling.None ? "kept" : "ρ^κ: its half-life stays constant in samples"));
        return lines;
    }

    private static double AfterWeight(double rho, double kappa)
    {
        double delta = 1 - rho;
        if (delta * kappa < 1e-4)
        {
            // Series of (1-ρ^κ)/(κ(1-ρ)) in δ = 1-ρ: the closed form cancels where ρ nears 1.
            double ratio = 1 - ((kappa - 1) * delta / 2) + ((kappa - 1) * (kappa - 2) * delta * delta / 6);
            return delta + ((1 - delta) * (1 - ratio));
        }

        return 1 - (rho * OneMinusPower(rho, kappa) / (kappa * delta));
    }

    private static void RequireKappa(double kappa) =>
        OptionsException.Require(kappa > 0 && double.IsFinite(kappa), "batchSize", kappa, "batch over base batch must be above 0");

    private static double Linear(string name, double value, double kappa)
    {
        double scaled = 1 - (kappa * (1 - value));
        OptionsException.Require(scaled >= 0, name, value, string.Create(CultureInfo.InvariantCulture,
            $"its linear form is negative at kappa {kappa:0.###}: the largest legal kappa is {1 / (1 - value):0.###}; use the exponential form"));
        return scaled;
    }

    private Hyperparameters Adaptive(Hyperparameters values, double rate, double kappa) => values with
    {
        LearningRate = rate,
        Beta1 = Beta("beta1", values.Beta1, kappa),
        Beta2 = Beta("beta2", values.Beta2, kappa),
        Epsilon = values.Epsilon / Math.Sqrt(kappa),
    };

    private static double Decoupled(Hyperparameters values, double rate, double kappa)
    {
        if (rate == 0)
            return values.WeightDecay;
        double decayed = values.LearningRate * values.WeightDecay;
        OptionsException.Require(decayed is >= 0 and <= 1, "weightDecay", values.WeightDecay,
            string.Create(CultureInfo.InvariantCulture, $"takes {decayed:0.###} of every weight in a step at the learning rate {values.LearningRate:0.######}: their product must lie in [0, 1]"));
        return OneMinusPower(1 - decayed, kappa) / rate;
    }

    private double Beta(string name, double value, double kappa) => _options.Betas switch
    {
        BetaScaling.Keep => value,
        BetaScaling.Linear => Linear(name, value, kappa),
        _ => Math.Pow(value, kappa),
    };

    private double RateFactor(double kappa) => _options.LearningRate switch
    {
        LearningRateScaling.None => 1,
        LearningRateScaling.Linear => kappa,
        LearningRateScaling.SquareRoot => Math.Sqrt(kappa),
        _ => _optimizer is OptimizerKind.Sgd or OptimizerKind.Lars ? kappa : Math.Sqrt(kappa),
    };

    private string RateReason(bool adaptive) => (_options.LearningRate, adaptive, _options.Momentum) switch
    {
        (LearningRateScaling.None, _, _) => "kept",
        (LearningRateScaling.SquareRoot, _, _) or (LearningRateScaling.Auto, true, _) => "√κ η: for adaptive optimizers time runs as η²",
        (_, false, MomentumScaling.Exponential) when _optimizer == OptimizerKind.Sgd => "κη(1-μ̂)/(1-μ): the effective rate η/(1-μ) grows linearly",
        _ => "κη: the linear rule",
    };

    private string BetaReason() => _options.Betas switch
    {
        BetaScaling.Keep => "kept",
        BetaScaling.Linear => "1-β̂ = κ(1-β)",
        _ => "β^κ: its memory stays constant in samples",
    };
}
