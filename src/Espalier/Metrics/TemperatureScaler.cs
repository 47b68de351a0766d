using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// One temperature for all logits, softmax(l / T), chosen on held-out in-distribution samples (Guo et al., "On Calibration of
/// Modern Neural Networks", ICML 2017). Predictions stay as they are; confidence becomes honest.
/// </summary>
/// <param name="Temperature">T, above 0; above 1 makes a model less sure of itself.</param>
public sealed record TemperatureScaler(double Temperature)
{
    private const double Lowest = 0.05;
    private const double Highest = 20;
    private const int Iterations = 200;

    /// <summary>The temperature of the least negative log-likelihood, by bisection of its derivative in [0.05, 20].</summary>
    /// <param name="logits">[n, classes], of samples that the model was not trained on.</param>
    /// <param name="labels">[n], integers in 0..classes-1.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DataException">No samples, a NaN, or a label out of range.</exception>
    public static TemperatureScaler Fit(Tensor logits, Tensor labels)
    {
        ScoreTable table = ScoreTable.Scores(logits, labels);

        // In 1/T the likelihood is convex: its slope has one root, or none, and then the end of the range is best.
        (double low, double high) = (Lowest, Highest);
        if (Slope(table, low) >= 0)
            return new(low);
        if (Slope(table, high) <= 0)
            return new(high);
        for (int i = 0; i < Iterations && high - low > 1e-12 * high; i++)
        {
            double middle = 0.5 * (low + high);
            if (Slope(table, middle) < 0)
                low = middle;
            else
                high = middle;
        }

        return new(0.5 * (low + high));
    }

    /// <summary>Probabilities at the temperature.</summary>
    /// <param name="logits">[n, classes].</param>
    /// <returns>[n, classes], float64.</returns>
    public Tensor Probabilities(Tensor logits)
    {
        using var scope = torch.NewDisposeScope();
        return (logits.to(torch.float64) / Temperature).softmax(1).MoveToOuterDisposeScope();
    }

    /// <summary>Confidence that is 0 for a uniform guess and 1 for certainty: (c - 1/K) / (1 - 1/K), what an out-of-distribution sample deserves.</summary>
    /// <param name="confidences">Maximum probabilities, in [1/K, 1].</param>
    /// <param name="classes">K, at least 2.</param>
    /// <returns>In [0, 1].</returns>
    /// <exception cref="OptionsException">There are fewer than two classes.</exception>
    public static double[] Rescale(ReadOnlySpan<double> confidences, int classes)
    {
        OptionsException.Require(classes >= 2, nameof(classes), classes, "must be at least 2");
        double least = 1.0 / classes;
        double[] rescaled = new double[confidences.Length];
        for (int i = 0; i < rescaled.Length; i++)
            rescaled[i] = Math.Clamp((confidences[i] - least) / (1 - least), 0, 1);
        return rescaled;
    }

    // The sign of dNLL/dT, which is that of the mean of l_y - Σ p l.
    private static double Slope(ScoreTable table, double temperature)
    {
        double sum = 0;
        for (int i = 0; i < table.Count; i++)
        {
            ReadOnlySpan<double> row = table.Row(i);
            double largest = double.NegativeInfinity;
            foreach (double logit in row)
                largest = Math.Max(largest, logit);
            (double weight, double weighted) = (0, 0);
            foreach (double logit in row)
            {
                double power = Math.Exp((logit - largest) / temperature);
                weight += power;
                weighted += power * (logit - largest);
            }

            sum += row[(int)table.Labels[i]] - largest - (weighted / weight);
        }

        return sum;
    }
}
