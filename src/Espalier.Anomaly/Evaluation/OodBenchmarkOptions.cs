using Espalier.Anomaly.Detectors;
using Espalier.Errors;

namespace Espalier.Anomaly.Evaluation;

/// <summary>Options of <see cref="OodBenchmark"/>.</summary>
public sealed record OodBenchmarkOptions
{
    /// <summary>The detectors, as <see cref="DetectorCatalog.Create"/> reads them; all where null, but for those that do not suit the model.</summary>
    public IReadOnlyList<string>? Detectors { get; init; }

    /// <summary>Base rate, draws and recall level; the paper's where left out.</summary>
    public DetectionProtocolOptions Protocol { get; init; } = new();

    /// <summary>How many inputs go through the model at once, at least 1.</summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="NotFoundException">There is no detector of a name.</exception>
    public void Validate()
    {
        OptionsException.Require(Detectors is null or { Count: > 0 }, nameof(Detectors), "empty", "needs at least one detector");
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
        OptionsException.Within("protocol", Protocol.Validate);
        foreach (string text in Detectors ?? [])
        {
            using (DetectorCatalog.Create(text))
            {
            }
        }
    }
}
