using Espalier.Errors;

namespace Espalier.Counterfactuals.Distances;

/// <summary>
/// The scale of each feature that Wachter et al. 2017 divide changes by: the median of |x_k - median x_k| over the data;
/// 1 where that is zero (a feature that is constant for half of the data).
/// </summary>
public static class MedianAbsoluteDeviation
{
    /// <summary>The scales of a data set's features.</summary>
    /// <param name="inputs">[n, ...], n at least 1.</param>
    /// <returns>One value per feature, row-major, above 0, in the feature's unit.</returns>
    /// <exception cref="DataException">There is no sample.</exception>
    public static double[] Of(Tensor inputs)
    {
        if (inputs.shape[0] == 0)
            throw new DataException("inputs", "are empty", "give at least one");
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor flat = inputs.flatten(1).cpu().to(torch.float64);
        double[] deviations = Median((flat - Median(flat)).abs()).data<double>().ToArray();
        return [.. deviations.Select(d => d > 0 ? d : 1)];
    }

    // [n, features] -> [features]; the mean of the two middle values where n is even.
    private static Tensor Median(Tensor values)
    {
        long count = values.shape[0];
        Tensor sorted = values.sort(0).Values;
        return (sorted.select(0, (count - 1) / 2) + sorted.select(0, count / 2)) / 2;
    }
}
