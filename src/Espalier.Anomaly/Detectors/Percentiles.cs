using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>Percentiles as numpy computes them: between two values by linear interpolation.</summary>
internal static class Percentiles
{
    public static double Checked(double percentile)
    {
        OptionsException.Require(percentile is >= 0 and <= 100, "p", percentile, "must be in 0 to 100");
        return percentile;
    }

    /// <summary>A percentile of all values of a tensor. Not by torch.quantile, which takes 16 million values at most.</summary>
    public static double Of(Tensor values, double percentile)
    {
        using var scope = torch.NewDisposeScope();
        double[] sorted = values.to(torch.float64).flatten().contiguous().data<double>().ToArray();
        Array.Sort(sorted);
        double position = percentile / 100 * (sorted.Length - 1);
        int below = (int)position;
        return below + 1 >= sorted.Length ? sorted[^1] : sorted[below] + ((position - below) * (sorted[below + 1] - sorted[below]));
    }
}
