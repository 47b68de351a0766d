using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Detectors;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Exposure;

/// <summary>
/// What a set of outliers is good for before a model is exposed to it (Hendrycks et al. 2019, section 5): diverse sets teach more than large ones, outliers
/// that are told already teach nothing, and samples of the training data among them cost accuracy.
/// </summary>
public sealed record OutlierSetReport
{
    private const double TooEasy = 0.95;
    private const double Retention = 0.95;
    private const int FewKinds = 3;
    private const int Compared = 2000;

    private OutlierSetReport()
    {
    }

    /// <summary>Number of outliers.</summary>
    public required int Count { get; init; }

    /// <summary>Of them those that differ from each other.</summary>
    public required int Distinct { get; init; }

    /// <summary>Outliers that are samples of the training data, value for value.</summary>
    public required int InTraining { get; init; }

    /// <summary>Classes of the set, where it has labels; null where it has none.</summary>
    public required int? Classes { get; init; }

    /// <summary>
    /// In how many directions the outliers spread as evenly as that: (Σλ)² / Σλ² of the eigenvalues of their covariance. A handful of kinds spreads in a handful of
    /// directions.
    /// </summary>
    public required double Directions { get; init; }

    /// <summary>The same of the training data.</summary>
    public required double TrainingDirections { get; init; }

    /// <summary>Share of the outliers that a detector calls outliers already where it keeps 95 % of the training data; null without a detector.</summary>
    public required double? AlreadyTold { get; init; }

    /// <summary>What speaks against the set, in words; nothing where it is empty.</summary>
    public IReadOnlyList<string> Warnings =>
    [
        .. AlreadyTold is { } told and >= TooEasy ? (string[])[FormattableString.Invariant($"too easy: {100 * told:0} % are told from the training data before any exposure, so there is little to learn from them")] : [],
        .. InTraining > 0 ? (string[])[FormattableString.Invariant($"overlapping: {InTraining} of {Count} are samples of the training data, which the model would unlearn")] : [],
        .. Distinct < 0.9 * Count ? (string[])[FormattableString.Invariant($"repetitive: only {Distinct} of {Count} differ")] : [],
        .. Classes is { } classes and <= FewKinds ? (string[])[FormattableString.Invariant($"not diverse: {classes} class(es); more kinds teach more than more samples")] : [],
        .. Directions < 0.25 * TrainingDirections ? (string[])[FormattableString.Invariant($"not diverse: spreads in {Directions:0.0} directions, the training data in {TrainingDirections:0.0}")] : [],
    ];

    /// <summary>Examines a set.</summary>
    /// <param name="outliers">The outliers; labels count where there are several classes.</param>
    /// <param name="train">The training data.</param>
    /// <param name="detector">What tells outliers before the exposure, such as MSP of the model as it is; nobody where null.</param>
    /// <exception cref="ShapeException">The outliers have another shape than the training data.</exception>
    public static OutlierSetReport Of(Dataset outliers, Dataset train, IAnomalyDetector? detector = null)
    {
        if (!outliers.InputShape.SequenceEqual(train.InputShape))
            throw new ShapeException($"an outlier of {outliers.Name}", outliers.InputShape, $"[{string.Join(", ", train.InputShape)}], as the training data has it");
        using var scope = torch.NewDisposeScope();
        UInt128[] all = [.. outliers.Batches().SelectMany(b => RowKeys.Of(b.Inputs))];
        HashSet<UInt128> inside = [.. train.Batches().SelectMany(b => RowKeys.Of(b.Inputs))];
        return new OutlierSetReport
        {
            Count = outliers.Count,
            Distinct = all.Distinct().Count(),
            InTraining = all.Count(inside.Contains),
            Classes = outliers.ClassCount > 1 ? outliers.LabelArray().Distinct().Count() : null,
            Directions = EffectiveDirections(outliers.First(Compared).Inputs),
            TrainingDirections = EffectiveDirections(train.First(Compared).Inputs),
            AlreadyTold = detector is null ? null : Told(detector, outliers.First(Compared).Inputs, train.First(Compared).Inputs),
        };
    }

    private static double Told(IAnomalyDetector detector, Tensor outliers, Tensor inliers)
    {
        double threshold = DetectionThreshold.AtRetention(detector.Score(inliers).data<double>().ToArray(), Retention).Value;
        return detector.Score(outliers).gt(threshold).to(torch.float64).mean().ToDouble();
    }

    // By the smaller of the two Gram matrices: both have the same eigenvalues but for zeros.
    private static double EffectiveDirections(Tensor inputs)
    {
        using var _ = torch.no_grad();
        Tensor rows = inputs.flatten(1).to(torch.float64);
        rows -= rows.mean([0L], keepdim: true);
        Tensor gram = rows.shape[0] < rows.shape[1] ? rows.matmul(rows.t()) : rows.t().matmul(rows);
        double squares = gram.square().sum().ToDouble();
        double trace = gram.trace().ToDouble();
        return squares == 0 ? 0 : trace * trace / squares;
    }
}
