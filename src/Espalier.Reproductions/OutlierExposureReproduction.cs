using Espalier.Reproductions.Exposure;

namespace Espalier.Reproductions;

/// <summary>Deep Anomaly Detection with Outlier Exposure (Hendrycks et al., ICLR 2019), with the detectors, thresholds and alarms around it.</summary>
public sealed class OutlierExposureReproduction : Reproduction
{
    /// <inheritdoc/>
    public override string Name => "outlier-exposure";

    /// <inheritdoc/>
    public override string Title => "Telling what a model was never meant to see";

    /// <inheritdoc/>
    public override string Paper => "Hendrycks et al., Deep Anomaly Detection with Outlier Exposure (2019)";

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Func<ReproductionContext, ReproductionPart> Run)> Parts { get; } =
    [
        ("weights", ReferenceWeights.Run),
        ("detectors", DetectorTable.Run),
        ("calibration", ExposedCalibration.Run),
        ("training", ExposedDigits.Run),
        ("outliers", ExposedDigits.Ablation),
        ("density", DensityParadox.Run),
        ("text-trec", ExposedText.Questions),
        ("text-sst", ExposedText.Reviews),
        ("tabular", TabularBenchmark.Run),
        ("deep-svdd", OneClassDigits.Run),
        ("guarantees", AlarmGuarantees.Run),
    ];
}
