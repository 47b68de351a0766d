namespace Espalier.Recipes.Stages;

/// <summary>One kind of outliers and how well it is told from test inputs; outliers are the positives.</summary>
/// <param name="Kind">Which kind.</param>
/// <param name="Scores">Their scores.</param>
/// <param name="Auroc">Area under the ROC curve.</param>
/// <param name="Aupr">Area under the precision-recall curve.</param>
/// <param name="AuprBaseRate">What a random detector would reach there: the outliers' share in a draw.</param>
/// <param name="FalsePositiveRate">False-positive rate where so many of the outliers are found as the record says, 95 % if nothing else.</param>
/// <param name="Examples">A few of them, values in row-major order.</param>
public sealed record DetectedOutliers(
    string Kind, IReadOnlyList<float> Scores, double Auroc, double Aupr, double AuprBaseRate, double FalsePositiveRate, IReadOnlyList<IReadOnlyList<float>> Examples);
