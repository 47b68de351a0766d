using Espalier.Errors;

namespace Espalier.Search;

/// <summary>Options of <see cref="Nsga2{TGenome}"/>; the defaults are for evaluations that cost seconds.</summary>
public sealed record Nsga2Options : SearchOptions
{
    /// <summary>How many genomes a generation keeps, and how many children it gets.</summary>
    public int PopulationSize { get; init; } = 20;

    /// <summary>Generations after the first draw; 0 evaluates that only. A search that is over may be continued with more.</summary>
    public int Generations { get; init; } = 10;

    /// <summary>Probability that two parents are mixed; otherwise their children are mutated copies.</summary>
    public double CrossoverProbability { get; init; } = 0.9;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(PopulationSize >= 2, nameof(PopulationSize), PopulationSize, "must be at least 2");
        OptionsException.Require(Generations >= 0, nameof(Generations), Generations, "must not be negative");
        OptionsException.Require(CrossoverProbability is >= 0 and <= 1, nameof(CrossoverProbability), CrossoverProbability, "must be in [0, 1]");
    }
}
