using Espalier.Errors;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>Options of <see cref="ProjectedGradientDescent"/>; the defaults are Madry et al. 2018 for MNIST's 40 steps.</summary>
public sealed record ProjectedGradientDescentOptions : GradientAttackOptions
{
    /// <summary>Steps, each one gradient.</summary>
    public int Steps { get; init; } = 40;

    /// <summary>Length of a step as a share of epsilon; null is 2.5/steps, so that the far side of the ball is in reach.</summary>
    public double? RelativeStepSize { get; init; }

    /// <summary>How often an attack starts anew on the samples that still stand.</summary>
    public int Restarts { get; init; } = 1;

    /// <summary>Whether each start is drawn uniformly from the ball; otherwise it is the input itself.</summary>
    public bool RandomStart { get; init; } = true;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(RelativeStepSize is null or > 0, nameof(RelativeStepSize), RelativeStepSize, "must be above 0");
        OptionsException.Require(Restarts >= 1, nameof(Restarts), Restarts, "must be at least 1");
        OptionsException.Require(Restarts == 1 || RandomStart, nameof(Restarts), Restarts, "must be 1 without random starts: all would be the same");
    }
}
