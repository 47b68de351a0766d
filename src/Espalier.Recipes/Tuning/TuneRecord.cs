namespace Espalier.Recipes.Tuning;

/// <summary>What a search of options leaves in <c>stages/tune.json</c>.</summary>
/// <param name="Metric">What decided.</param>
/// <param name="Maximize">Whether more is better.</param>
/// <param name="Method">The method.</param>
/// <param name="Trials">Every setting, in the order of evaluation.</param>
/// <param name="Best">The best one of those trained at full length.</param>
public sealed record TuneRecord(string Metric, bool Maximize, TuneMethod Method, IReadOnlyList<TuneTrial> Trials, TuneTrial Best);
