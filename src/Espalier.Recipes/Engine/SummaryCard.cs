namespace Espalier.Recipes.Engine;

/// <summary>A figure at the top of a report.</summary>
/// <param name="Figure">The number as people read it, such as <c>98.3%</c>.</param>
/// <param name="Title">What it is, such as <c>test accuracy</c>.</param>
/// <param name="Detail">What it was measured on or means, in a few words.</param>
public sealed record SummaryCard(string Figure, string Title, string Detail);
