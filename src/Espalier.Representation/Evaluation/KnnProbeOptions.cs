using Espalier.Errors;

namespace Espalier.Representation.Evaluation;

/// <summary>How <see cref="KnnProbe"/> votes; defaults of DINO's evaluation.</summary>
public sealed record KnnProbeOptions
{
    /// <summary>k, the number of neighbours that vote, at least 1; capped at the size of the bank.</summary>
    public int Neighbors { get; init; } = 20;

    /// <summary>T: a neighbour's vote counts exp(cosine/T). Above 0.</summary>
    public double Temperature { get; init; } = 0.07;

    /// <summary>How many cosines are held at once, at least 1: memory against speed.</summary>
    public int SimilaritiesAtOnce { get; init; } = 5_000_000;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Neighbors >= 1, nameof(Neighbors), Neighbors, "must be at least 1");
        OptionsException.Require(Temperature > 0 && double.IsFinite(Temperature), nameof(Temperature), Temperature, "must be above 0");
        OptionsException.Require(SimilaritiesAtOnce >= 1, nameof(SimilaritiesAtOnce), SimilaritiesAtOnce, "must be at least 1");
    }
}
