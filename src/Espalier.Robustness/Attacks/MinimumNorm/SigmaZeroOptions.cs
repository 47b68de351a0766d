using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Options of <see cref="SigmaZero"/>; the defaults are the paper's, but for the number of steps.</summary>
public sealed record SigmaZeroOptions : MinimumNormOptions
{
    /// <summary>L0, the only norm there is.</summary>
    public SigmaZeroOptions() => Norm = Norm.L0;

    /// <summary>Steps, each one gradient; the paper takes 1,000, or 100 where time is short.</summary>
    public int Steps { get; init; } = 300;

    /// <summary>η₀: the learning rate, in shares of the features' ranges; it falls to a tenth along a cosine.</summary>
    public double StepSize { get; init; } = 1;

    /// <summary>σ: the squared change, in shares of the range, that counts as half a pixel.</summary>
    public double Sigma { get; init; } = 1e-3;

    /// <summary>τ₀: the smallest change that is kept at first, as a share of the range.</summary>
    public double Threshold { get; init; } = 0.3;

    /// <summary>t: what the threshold rises after a success and falls after a failure, in step lengths.</summary>
    public double ThresholdStep { get; init; } = 0.01;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        RequireNorm(Norm == Norm.L0, "L0");
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(StepSize > 0 && double.IsFinite(StepSize), nameof(StepSize), StepSize, "must be above 0");
        OptionsException.Require(Sigma > 0 && double.IsFinite(Sigma), nameof(Sigma), Sigma, "must be above 0");
        OptionsException.Require(Threshold is >= 0 and <= 1, nameof(Threshold), Threshold, "must lie in [0, 1]");
        OptionsException.Require(ThresholdStep is >= 0 and <= 1, nameof(ThresholdStep), ThresholdStep, "must lie in [0, 1]");
    }

    /// <inheritdoc/>
    protected override bool AllowsL0 => true;
}
