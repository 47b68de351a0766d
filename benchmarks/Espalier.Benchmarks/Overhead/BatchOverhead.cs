namespace Espalier.Benchmarks.Overhead;

/// <summary>The comparison at one batch size.</summary>
/// <param name="BatchSize">Samples per step.</param>
/// <param name="Rounds">How often each arm had a turn.</param>
/// <param name="StepsPerRound">Counted steps per turn.</param>
/// <param name="FlatLoopDifference">Largest relative difference of the flat loop's losses from the trainer's, without randomness.</param>
/// <param name="OrdinaryLoopDifference">The same for the ordinary loop.</param>
/// <param name="Arms">Each arm's times and ratios.</param>
public sealed record BatchOverhead(
    int BatchSize, int Rounds, int StepsPerRound, double FlatLoopDifference, double OrdinaryLoopDifference, IReadOnlyList<ArmSummary> Arms)
{
    /// <summary>Measures at a batch size.</summary>
    public static BatchOverhead Measure(int batchSize, int rounds, int steps, bool fixedCostOnly)
    {
        (double flat, double ordinary) = SameArithmetic.LargestDifference(batchSize);
        using var pairs = new PairedSteps(batchSize, rounds, steps, fixedCostOnly);
        IReadOnlyList<Block[]> measured = pairs.Measure();
        return new BatchOverhead(batchSize, rounds, steps, flat, ordinary, [.. Enum.GetValues<Arm>().Select(arm => ArmSummary.Of(arm, measured))]);
    }
}
