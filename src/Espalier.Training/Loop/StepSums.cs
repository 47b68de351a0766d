namespace Espalier.Training.Loop;

/// <summary>What the micro-batches of a step add up to, over all ranks.</summary>
internal sealed class StepSums
{
    public double Loss { get; set; }

    public double Weight { get; set; }

    public double Correct { get; set; }

    /// <summary>The first micro-batch of this step whose loss was not finite, from 1; 0 where all were.</summary>
    public int Diverged { get; set; }

    /// <summary>Whether a rank was asked to stop.</summary>
    public bool Stop { get; set; }

    /// <summary>Σ of the squared norms of the micro-batches' mean gradients, of 1/size, and their number.</summary>
    public (double SquaredNorm, double InverseSize, double Count) Small { get; set; }

    /// <summary>Adds up over the ranks.</summary>
    public void Sum(Communication.ICommunicator ranks)
    {
        if (ranks.Size == 1)
            return;
        // The rank that diverged first in rank order is named; sums of two numbers would name neither.
        Span<double> diverged = stackalloc double[ranks.Size];
        diverged.Clear();
        diverged[ranks.Rank] = Diverged;
        ranks.Sum(diverged);
        Span<double> values = [Loss, Weight, Correct, 0, Stop ? 1 : 0, Small.SquaredNorm, Small.InverseSize, Small.Count];
        ranks.Sum(values);
        (Loss, Weight, Correct, Diverged, Stop) = (values[0], values[1], values[2], (int)First(diverged), values[4] > 0);
        Small = (values[5], values[6], values[7]);
    }

    private static double First(ReadOnlySpan<double> values)
    {
        foreach (double value in values)
        {
            if (value != 0)
                return value;
        }

        return 0;
    }
}
