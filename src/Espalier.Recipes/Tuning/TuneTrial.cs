namespace Espalier.Recipes.Tuning;

/// <summary>One setting that was tried.</summary>
/// <param name="Assignments">The options and their values, as JSON.</param>
/// <param name="Length">The share of the recipe's length that it was trained for, in (0, 1].</param>
/// <param name="Value">The metric at the end; NaN where the training diverged.</param>
/// <param name="Parameters">Number of weights.</param>
/// <param name="Seconds">Time in training steps.</param>
public sealed record TuneTrial(IReadOnlyDictionary<string, string> Assignments, double Length, double Value, double Parameters, double Seconds);
