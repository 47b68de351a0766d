namespace Espalier.Recipes.Stages;

/// <summary>What the detection stage leaves in <c>stages/detect.json</c>.</summary>
/// <param name="Detector">The detector in words.</param>
/// <param name="InputShape">Shape of one input.</param>
/// <param name="InScores">The scores of the test inputs; higher is more unusual.</param>
/// <param name="Outliers">The outliers, kind by kind.</param>
public sealed record DetectRecord(string Detector, IReadOnlyList<long> InputShape, IReadOnlyList<float> InScores, IReadOnlyList<DetectedOutliers> Outliers);
