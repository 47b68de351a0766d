using Espalier.Errors;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>Options of <see cref="OutputDiversified"/>; the defaults are those of composite attacks.</summary>
public sealed record OutputDiversifiedOptions : GradientAttackOptions
{
    /// <summary>The margin, as in the paper.</summary>
    public OutputDiversifiedOptions() => Loss = AttackLoss.Margin;

    /// <summary>Steps after the start, each one gradient.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>Steps of the start.</summary>
    public int DiversifyingSteps { get; init; } = 10;

    /// <summary>How the length of a step changes.</summary>
    public StepSchedule Schedule { get; init; } = StepSchedule.Cosine;

    /// <summary>How often an attack starts anew on the samples that still stand.</summary>
    public int Restarts { get; init; } = 1;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(DiversifyingSteps >= 0, nameof(DiversifyingSteps), DiversifyingSteps, "must not be negative");
        OptionsException.Require(Enum.IsDefined(Schedule), nameof(Schedule), Schedule, "must be Cosine, Cyclical or Step");
        OptionsException.Require(Restarts >= 1, nameof(Restarts), Restarts, "must be at least 1");
    }
}
