using System.Numerics.Tensors;

namespace Espalier.Representation.Evaluation;

/// <summary>
/// Minimizes a smooth function without randomness: L-BFGS with a line search for the strong Wolfe conditions (Nocedal and
/// Wright, Numerical Optimization, algorithms 7.4, 7.5, 3.5 and 3.6).
/// </summary>
internal static class LimitedMemoryBfgs
{
    private const double SufficientDecrease = 1e-4, Curvature = 0.9;
    private const int LineSearchSteps = 40;

    /// <summary>The function: fills the gradient, gives the value and the norm of the gradient that convergence is judged by.</summary>
    internal delegate (double Value, double GradientNorm) Objective(double[] point, double[] gradient);

    /// <summary>Where the search ended.</summary>
    /// <param name="Value">The function there.</param>
    /// <param name="GradientNorm">The norm of the gradient there.</param>
    /// <param name="Iterations">Steps made.</param>
    internal readonly record struct Outcome(double Value, double GradientNorm, int Iterations);

    /// <summary>Moves <paramref name="point"/> to a minimum.</summary>
    public static Outcome Minimize(Objective objective, double[] point, double tolerance, int maxIterations, int memory, CancellationToken cancellationToken)
    {
        int size = point.Length;
        double[] gradient = new double[size];
        (double value, double norm) = objective(point, gradient);
        var pairs = new List<(double[] Step, double[] Change, double Inverse)>();
        for (int iteration = 0; ; iteration++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (norm <= tolerance || iteration == maxIterations)
                return new(value, norm, iteration);

            double[] direction = Direction(gradient, pairs);
            double slope = TensorPrimitives.Dot<double>(gradient, direction);
            if (slope >= 0)
            {
                // Rounding spoilt the memory: start again from steepest descent.
                pairs.Clear();
                direction = Direction(gradient, pairs);
                slope = TensorPrimitives.Dot<double>(gradient, direction);
            }

            double first = pairs.Count == 0 ? Math.Min(1, 1 / TensorPrimitives.SumOfMagnitudes<double>(gradient)) : 1;
            if (Search(objective, point, value, slope, direction, first) is not { } found)
            {
                if (pairs.Count == 0)
                    return new(value, norm, iteration); // no descent left at the precision of the numbers
                pairs.Clear();
                continue;
            }

            double[] step = new double[size], change = new double[size];
            TensorPrimitives.Subtract(found.Point, point, step);
            TensorPrimitives.Subtract(found.Gradient, gradient, change);
            double product = TensorPrimitives.Dot<double>(step, change);
            if (product > 0)
            {
                if (pairs.Count == memory)
                    pairs.RemoveAt(0);
                pairs.Add((step, change, 1 / product));
            }

            found.Point.CopyTo(point, 0);
            (gradient, value, norm) = (found.Gradient, found.Value, found.GradientNorm);
        }
    }

    // The two-loop recursion.
    private static double[] Direction(double[] gradient, List<(double[] Step, double[] Change, double Inverse)> pairs)
    {
        double[] direction = new double[gradient.Length];
        TensorPrimitives.Negate(gradient, direction);
        double[] weights = new double[pairs.Count];
        for (int i = pairs.Count - 1; i >= 0; i--)
        {
            weights[i] = pairs[i].Inverse * TensorPrimitives.Dot<double>(pairs[i].Step, direction);
            TensorPrimitives.MultiplyAdd(pairs[i].Change, -weights[i], direction, direction);
        }

        if (pairs.Count > 0)
        {
            (_, double[] change, double inverse) = pairs[^1];
            TensorPrimitives.Multiply(direction, 1 / (inverse * TensorPrimitives.SumOfSquares<double>(change)), direction);
        }

        for (int i = 0; i < pairs.Count; i++)
        {
            double correction = weights[i] - (pairs[i].Inverse * TensorPrimitives.Dot<double>(pairs[i].Change, direction));
            TensorPrimitives.MultiplyAdd(pairs[i].Step, correction, direction, direction);
        }

        return direction;
    }

    // One loop does bracketing and zooming: [low, high] holds a step that meets both conditions once high is finite; low
    // always meets the first and has the least value so far.
    private static Trial? Search(Objective objective, double[] origin, double value, double slope, double[] direction, double first)
    {
        var low = new Trial(0, value, slope, double.NaN, origin, []);
        Trial? high = null;
        double step = first;
        for (int i = 0; i < LineSearchSteps; i++)
        {
            double[] point = new double[origin.Length], gradient = new double[origin.Length];
            TensorPrimitives.MultiplyAdd(direction, step, origin, point);
            (double reached, double norm) = objective(point, gradient);
            var trial = new Trial(step, reached, TensorPrimitives.Dot<double>(gradient, direction), norm, point, gradient);
            if (!double.IsFinite(reached) || reached > value + (SufficientDecrease * step * slope) || (low.Step > 0 && reached >= low.Value))
            {
                high = trial;
            }
            else
            {
                if (Math.Abs(trial.Slope) <= -Curvature * slope)
                    return trial;
                if (high is null ? trial.Slope >= 0 : trial.Slope * (high.Step - low.Step) >= 0)
                    high = low;
                low = trial;
            }

            if (high is null)
            {
                step *= 2;
                continue;
            }

            double width = high.Step - low.Step;
            step = Interpolate(low, high);
            // Keeps away from the ends, where the interval would not shrink.
            double share = (step - low.Step) / width;
            if (!(share is >= 0.1 and <= 0.9))
                step = low.Step + (width / 2);
        }

        return low.Step > 0 ? low : null;
    }

    // The minimum of the cubic through both values and slopes.
    private static double Interpolate(Trial low, Trial high)
    {
        double d1 = low.Slope + high.Slope - (3 * (low.Value - high.Value) / (low.Step - high.Step));
        double square = (d1 * d1) - (low.Slope * high.Slope);
        double d2 = Math.Sign(high.Step - low.Step) * Math.Sqrt(square);
        return high.Step - ((high.Step - low.Step) * ((high.Slope + d2 - d1) / (high.Slope - low.Slope + (2 * d2))));
    }

    private sealed record Trial(double Step, double Value, double Slope, double GradientNorm, double[] Point, double[] Gradient);
}
