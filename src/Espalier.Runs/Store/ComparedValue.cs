namespace Espalier.Runs.Store;

/// <summary>One number of several runs, side by side.</summary>
/// <param name="Name">The number's name.</param>
/// <param name="Values">Each run's value; null where it has none.</param>
/// <param name="Differences">Each run's value minus the first run's; null where one of the two is missing.</param>
public sealed record ComparedValue(string Name, IReadOnlyList<double?> Values, IReadOnlyList<double?> Differences);
