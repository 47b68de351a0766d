namespace Espalier.Benchmarks.Overhead;

/// <summary>An arm's steps, and how much longer they take than another arm's in the same round.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="MedianMs">The median step on the clock.</param>
/// <param name="LowerQuartileMs">A quarter of the steps are faster.</param>
/// <param name="UpperQuartileMs">A quarter of the steps are slower.</param>
/// <param name="CpuMs">The median over rounds of the process's time on all cores, per step.</param>
/// <param name="ToFlatLoop">This arm over <see cref="Arm.FlatLoop"/>.</param>
/// <param name="ToOrdinaryLoop">This arm over <see cref="Arm.OrdinaryLoop"/>.</param>
public sealed record ArmSummary(
    Arm Arm, double MedianMs, double LowerQuartileMs, double UpperQuartileMs, double CpuMs, PairedRatio ToFlatLoop, PairedRatio ToOrdinaryLoop)
{
    /// <summary>Summarizes one arm.</summary>
    public static ArmSummary Of(Arm arm, IReadOnlyList<Block[]> rounds)
    {
        double[] all = [.. rounds.SelectMany(r => r[(int)arm].Milliseconds)];
        return new ArmSummary(arm, Quantiles.Of(all, 0.5), Quantiles.Of(all, 0.25), Quantiles.Of(all, 0.75),
            Quantiles.Of(rounds.Select(r => r[(int)arm].CpuMilliseconds), 0.5),
            PairedRatio.Of(rounds, arm, Arm.FlatLoop), PairedRatio.Of(rounds, arm, Arm.OrdinaryLoop));
    }
}
