using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>Means class by class.</summary>
internal static class ClassMeans
{
    /// <summary>The mean row of each class; zero where there is none.</summary>
    /// <param name="rows">[n, D], float64.</param>
    /// <param name="labels">[n], int64.</param>
    /// <param name="classes">Number of classes.</param>
    /// <returns>[classes, D] and the number of rows in each class, [classes], float64.</returns>
    /// <exception cref="DataException">A label is out of range.</exception>
    public static (Tensor Means, Tensor Counts) Of(Tensor rows, Tensor labels, long classes)
    {
        if (labels.numel() > 0 && (labels.min().ToInt64() < 0 || labels.max().ToInt64() >= classes))
            throw new DataException("labels", $"run from {labels.min().ToInt64()} to {labels.max().ToInt64()}", $"the model's classes run from 0 to {classes - 1}");
        Tensor counts = torch.bincount(labels, minlength: classes).to(torch.float64);
        Tensor sums = torch.zeros([classes, rows.shape[1]], dtype: torch.float64).index_add_(0, labels, rows, 1);
        return (sums / counts.clamp_min(1).unsqueeze(1), counts);
    }

    /// <summary>As <see cref="Of"/>, where every class must have samples.</summary>

    public static Tensor OfAll(Tensor rows, Tensor labels, long classes, string rule, string which = "fit samples")
    {
        (Tensor means, Tensor counts) = Of(rows, labels, classes);
        Tensor empty = counts.eq(0).nonzero();
        if (empty.numel() > 0)
            throw new DataException(which, $"there are none of class {empty[0, 0].ToInt64()}", $"'{rule}' needs samples of every class: fit it on more");
        return means;
    }
}
