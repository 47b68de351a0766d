using Espalier.Errors;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Options of <see cref="Simba"/>; step and queries are those of Guo et al. 2019.</summary>
public sealed record SimbaOptions : PerturbationOptions
{
    /// <summary>The most queries per sample, the look at the clean input among them.</summary>
    public int Queries { get; init; } = 10_000;

    /// <summary>How far a feature is moved, in the inputs' unit; what leaves the ball is brought back.</summary>
    public double StepSize { get; init; } = 0.2;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Queries >= 1, nameof(Queries), Queries, "must be at least 1");
        OptionsException.Require(StepSize > 0 && double.IsFinite(StepSize), nameof(StepSize), StepSize, "must be finite and above 0");
    }
}
