namespace Espalier.Anomaly.Detectors;

/// <summary>What the catalogue knows about a detector.</summary>
/// <param name="Name">The name to make it by.</param>
/// <param name="Title">What it is, in a few words.</param>
/// <param name="Paper">Where it comes from.</param>
/// <param name="Needs">What it needs.</param>
/// <param name="Settings">Its settings with their defaults, such as <c>k=50</c>.</param>
public sealed record DetectorInfo(string Name, string Title, string Paper, DetectorNeeds Needs, IReadOnlyList<string> Settings);
