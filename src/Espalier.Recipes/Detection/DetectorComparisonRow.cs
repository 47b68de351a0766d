using Espalier.Anomaly.Evaluation;

namespace Espalier.Recipes.Detection;

/// <summary>One line of a comparison's table.</summary>
/// <param name="Detector">The detector with its settings.</param>
/// <param name="Set">The set of outliers; <c>mean</c> or <c>minimum</c> over the reported ones, of a group or of both.</param>
/// <param name="Group"><c>near</c>, <c>far</c>, <c>validation</c>; <c>all</c> over near and far.</param>
/// <param name="Mean">The metrics, means over the draws; of <c>minimum</c> the worst set's of each.</param>
/// <param name="Deviation">Population standard deviation over the draws; null for means and minima over sets.</param>
public sealed record DetectorComparisonRow(string Detector, string Set, string Group, DetectionMetrics Mean, DetectionMetrics? Deviation);
