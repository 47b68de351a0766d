namespace Espalier.Language.FineTuning;

/// <summary>What a fine-tuning came to.</summary>
/// <param name="Grid">One training for each point of the grid, seed 1, judged on validation data alone.</param>
/// <param name="Seeds">The chosen point with every seed, judged on the test data as well.</param>
public sealed record FineTuningResult(IReadOnlyList<FineTuningTrial> Grid, IReadOnlyList<FineTuningTrial> Seeds)
{
    /// <summary>The median of the test number over the seeds; of an even count the mean of the middle two.</summary>
    public double MedianTest => Median([.. Seeds.Select(s => s.Test!.Value)]);

    /// <summary>The median of the validation number over the seeds.</summary>
    public double MedianValidation => Median([.. Seeds.Select(s => s.Validation)]);

    private static double Median(double[] values)
    {
        Array.Sort(values);
        int middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
