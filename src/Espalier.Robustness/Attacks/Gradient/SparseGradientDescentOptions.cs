using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>Options of <see cref="SparseGradientDescent"/>.</summary>
public sealed record SparseGradientDescentOptions : GradientAttackOptions
{
    /// <summary>Ten pixels: L0 is the only norm there is.</summary>
    public SparseGradientDescentOptions() => (Norm, Epsilon) = (Norm.L0, 10);

    /// <summary>Steps, each one gradient; the authors take 20.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>η: the length of a step before the projection, the sum over all features of how far they move, in shares of their range; the authors'.</summary>
    public double StepLength { get; init; } = 120_000 / 255.0 / 2;

    /// <summary>How often an attack starts anew, from other random pixels, on the samples that still stand; the authors take 10.</summary>
    public int Restarts { get; init; } = 10;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Norm == Norm.L0, nameof(Norm), Norm, "must be L0");
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(StepLength > 0 && double.IsFinite(StepLength), nameof(StepLength), StepLength, "must be above 0");
        OptionsException.Require(Restarts >= 1, nameof(Restarts), Restarts, "must be at least 1");
    }

    /// <inheritdoc/>
    protected override bool AllowsL0 => true;
}
