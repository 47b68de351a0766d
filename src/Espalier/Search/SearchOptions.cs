using Espalier.Errors;

namespace Espalier.Search;

/// <summary>What every search is told.</summary>
public abstract record SearchOptions
{
    /// <summary>The search is a function of this seed, whatever the number of ranks or interruptions.</summary>
    public long Seed { get; init; }

    /// <summary>How often in a row proposals may be ones already made before fresh genomes are drawn, and these before a generation stays smaller.</summary>
    public int DuplicateTries { get; init; } = 50;

    /// <summary>
    /// How many genomes are evaluated at once; null is a whole generation. After each such batch the state is written, so
    /// that an interruption loses one batch.
    /// </summary>
    public int? EvaluationBatchSize { get; init; }

    /// <summary>One value per objective, worse than any of interest, to measure the hypervolume from; null does not measure.</summary>
    public IReadOnlyList<double>? ReferencePoint { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public virtual void Validate()
    {
        OptionsException.Require(DuplicateTries >= 1, nameof(DuplicateTries), DuplicateTries, "must be at least 1");
        OptionsException.Require(EvaluationBatchSize is null or >= 1, nameof(EvaluationBatchSize), EvaluationBatchSize, "must be at least 1");
        OptionsException.Require(ReferencePoint is null || ReferencePoint.All(double.IsFinite), nameof(ReferencePoint),
            ReferencePoint is null ? null : string.Join(", ", ReferencePoint), "must be finite");
    }
}
