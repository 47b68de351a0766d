namespace Espalier.Representation.Evaluation;

/// <summary>How much of their space features use.</summary>
/// <param name="Spread">
/// Standard deviation of each dimension of the L2-normalised features, averaged, times √d: 1 for directions spread evenly,
/// 0 where all point the same way.
/// </param>
/// <param name="EffectiveRank">exp of the entropy of the singular values, normalised to sum 1; from 1 to min(n, d).</param>
/// <param name="Dimensions">d.</param>
/// <param name="IsCollapsed">Whether the spread is below the threshold of the options.</param>
public sealed record CollapseReport(double Spread, double EffectiveRank, int Dimensions, bool IsCollapsed);
