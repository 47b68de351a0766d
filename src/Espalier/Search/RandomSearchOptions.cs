using Espalier.Errors;

namespace Espalier.Search;

/// <summary>Options of <see cref="RandomSearch{TGenome}"/>.</summary>
public sealed record RandomSearchOptions : SearchOptions
{
    /// <summary>How many genomes are evaluated; for a fair comparison, as many as the other search evaluated.</summary>
    public int Evaluations { get; init; } = 220;

    /// <summary>How many genomes are drawn between two reports of progress.</summary>
    public int GenerationSize { get; init; } = 20;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Evaluations >= 1, nameof(Evaluations), Evaluations, "must be at least 1");
        OptionsException.Require(GenerationSize >= 1, nameof(GenerationSize), GenerationSize, "must be at least 1");
    }
}
