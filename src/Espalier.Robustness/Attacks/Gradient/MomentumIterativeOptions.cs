using Espalier.Errors;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>Options of <see cref="MomentumIterativeMethod"/>; the defaults are MI-FGSM's (Dong et al. 2018).</summary>
public sealed record MomentumIterativeOptions : GradientAttackOptions
{
    /// <summary>Steps T, each of length epsilon/T.</summary>
    public int Steps { get; init; } = 10;

    /// <summary>Decay μ of the accumulated gradient; 0 forgets at once.</summary>
    public double Momentum { get; init; } = 1;

    /// <summary>Whether the gradient is taken one step ahead along the accumulated one (NI-FGSM, Lin et al. 2020).</summary>
    public bool Nesterov { get; init; }

    /// <summary>
    /// Probability that images are scaled down to 90 to 100 % and padded at random before the gradient (DI-FGSM, Xie et al. 2019:
    /// 0.5); 0 leaves them.
    /// </summary>
    public double DiversityProbability { get; init; }

    /// <summary>Side of the Gaussian kernel that gradients are convolved with (TI-FGSM, Dong et al. 2019: 15); 0 leaves them.</summary>
    public int KernelSize { get; init; }

    /// <summary>Standard deviation of that kernel, in pixels.</summary>
    public double KernelSigma { get; init; } = 3;

    /// <summary>Neighbours whose gradients correct the variance (VMI-FGSM, Wang and He 2021: 20); 0 takes none.</summary>
    public int VarianceSamples { get; init; }

    /// <summary>How far those neighbours lie, as a share of epsilon.</summary>
    public double VarianceReach { get; init; } = 1.5;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(Momentum >= 0 && double.IsFinite(Momentum), nameof(Momentum), Momentum, "must be finite and not negative");
        OptionsException.Require(DiversityProbability is >= 0 and <= 1, nameof(DiversityProbability), DiversityProbability, "must lie in [0, 1]");
        OptionsException.Require(KernelSize == 0 || (KernelSize > 0 && KernelSize % 2 == 1), nameof(KernelSize), KernelSize, "must be 0 or an odd number above it");
        OptionsException.Require(KernelSigma > 0, nameof(KernelSigma), KernelSigma, "must be above 0");
        OptionsException.Require(VarianceSamples >= 0, nameof(VarianceSamples), VarianceSamples, "must not be negative");
        OptionsException.Require(VarianceReach > 0 && double.IsFinite(VarianceReach), nameof(VarianceReach), VarianceReach, "must be finite and above 0");
    }
}
