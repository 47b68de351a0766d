namespace Espalier.Reproductions;

/// <summary>What one part of a reproduction found.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">One or two sentences for people: setting, seeds, data.</param>
/// <param name="Claims">The numbers.</param>
/// <param name="Charts">Pictures: heading and SVG.</param>
public sealed record ReproductionPart(string Name, string Summary, IReadOnlyList<Claim> Claims, IReadOnlyList<(string Heading, string Svg)> Charts)
{
    /// <summary>Numbers for <c>summary.json</c>, by a stable name.</summary>
    public IReadOnlyDictionary<string, double> Numbers { get; init; } = new Dictionary<string, double>();
}
