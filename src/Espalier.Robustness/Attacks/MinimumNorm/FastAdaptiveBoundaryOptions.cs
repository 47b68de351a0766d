using Espalier.Errors;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Options of <see cref="FastAdaptiveBoundary"/>; the defaults are FAB-T's of AutoAttack.</summary>
public sealed record FastAdaptiveBoundaryOptions : MinimumNormOptions
{
    /// <summary>Steps from each start (and to each target), each a gradient and a query.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>
    /// How many wrong classes are approached, the likeliest first and the others side by side; at most one less than there are. 0
    /// is the paper's form, in which every step goes for whichever boundary is nearest and takes a gradient for each class.
    /// </summary>
    public int Targets { get; init; } = 9;

    /// <summary>How often the attack starts anew, from random inputs after the first.</summary>
    public int Restarts { get; init; } = 1;

    /// <summary>α_max: the most that the step is drawn to the clean input's projection.</summary>
    public double LargestBias { get; init; } = 0.1;

    /// <summary>η: how far beyond the boundary a step goes; 1 is onto it.</summary>
    public double Overshoot { get; init; } = 1.05;

    /// <summary>β: the share of the change that is kept after an adversarial iterate.</summary>
    public double BackwardStep { get; init; } = 0.9;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(Targets >= 0, nameof(Targets), Targets, "must not be negative");
        OptionsException.Require(Restarts >= 1, nameof(Restarts), Restarts, "must be at least 1");
        OptionsException.Require(LargestBias is >= 0 and <= 1, nameof(LargestBias), LargestBias, "must lie in [0, 1]");
        OptionsException.Require(Overshoot >= 1 && double.IsFinite(Overshoot), nameof(Overshoot), Overshoot, "must be at least 1");
        OptionsException.Require(BackwardStep is > 0 and < 1, nameof(BackwardStep), BackwardStep, "must lie in (0, 1)");
    }
}
