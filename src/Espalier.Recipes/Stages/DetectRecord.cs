namespace Espalier.Recipes.Stages;

/// <summary>What the detection stage leaves in <c>stages/detect.json</c>.</summary>
/// <param name="Detector">The detector's name.</param>
/// <param name="InputShape">Shape of one input.</param>
/// <param name="Range">The inputs' value range, for pictures.</param>
/// <param name="InScores">The scores of the test inputs; higher is more unusual.</param>
/// <param name="Outliers">The outliers, kind by kind.</param>
public sealed record DetectRecord(
    string Detector, IReadOnlyList<long> InputShape, ValueRange Range, IReadOnlyList<float> InScores, IReadOnlyList<DetectedOutliers> Outliers)
{
    /// <summary>The share of the outliers that is found where the false-positive rates are taken.</summary>
    public double RecallLevel { get; init; } = 0.95;
}
