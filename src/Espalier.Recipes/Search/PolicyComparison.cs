using Espalier.Robustness.Evaluation;

namespace Espalier.Recipes.Search;

/// <summary>One policy on the report samples.</summary>
/// <param name="Name">What it is: found, random search, or a baseline's name.</param>
/// <param name="Report">The numbers.</param>
/// <param name="PValue">McNemar's exact test against the policy found, two-sided; NaN for that itself.</param>
public sealed record PolicyComparison(string Name, RobustnessReport Report, double PValue);
