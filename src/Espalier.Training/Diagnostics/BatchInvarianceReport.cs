using Espalier.Training.Loop;

namespace Espalier.Training.Diagnostics;

/// <summary>Whether a training stays the same when its batch size changes, against what chance does to it.</summary>
/// <param name="BaseBatchSize">The base batch.</param>
/// <param name="BatchSize">The batch that was compared with it.</param>
/// <param name="Samples">Samples seen by each training.</param>
/// <param name="Points">How many points of the paths were compared.</param>
/// <param name="Scaled">How far the training at the other batch size leaves the base training.</param>
/// <param name="Reordered">How far the base training leaves itself with another data order and the same initial weights.</param>
/// <param name="Divergence">Why the training at the other batch size ended early, or null.</param>
public sealed record BatchInvarianceReport(
    int BaseBatchSize,
    int BatchSize,
    long Samples,
    int Points,
    TrainingDeparture Scaled,
    TrainingDeparture Reordered,
    string? Divergence)
{
    /// <summary>Whether the change of the batch size does no more than another data order, to weights and average.</summary>
    public bool IsInvariant => Scaled.Weights <= Reordered.Weights && (Scaled.Average ?? 0) <= (Reordered.Average ?? 0);

    /// <summary>
    /// Validation numbers whose worst gap is more than twice that of another data order. Where D of another order is near 1, the
    /// path is one of many and D tells little: these numbers then tell more.
    /// </summary>
    public IReadOnlyList<string> WiderGaps => [.. Scaled.WorstGaps
        .Where(g => Reordered.WorstGaps.TryGetValue(g.Key, out double other) && g.Value > 2 * other)
        .Select(g => g.Key).Order(StringComparer.Ordinal)];
}
