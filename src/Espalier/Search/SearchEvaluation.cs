namespace Espalier.Search;

/// <summary>How a genome was judged.</summary>
/// <param name="Objectives">One value per objective, finite, smaller is better; for a dropped genome the best that it could still have reached.</param>
/// <param name="Dropped">
/// Whether the evaluation was given up because the genome was hopeless: it takes no further part, yet its evaluation counts.
/// </param>
/// <param name="Measurements">What else was measured, by name; kept with the genome, without influence on the search.</param>
public sealed record SearchEvaluation(IReadOnlyList<double> Objectives, bool Dropped = false, IReadOnlyDictionary<string, double>? Measurements = null);
