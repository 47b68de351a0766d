namespace Espalier.Tests.Search;

/// <summary>A genome of discrete levels.</summary>
public sealed record Levels(int[] Values);
