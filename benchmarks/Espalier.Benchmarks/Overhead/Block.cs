namespace Espalier.Benchmarks.Overhead;

/// <summary>Some consecutive steps of one arm.</summary>
/// <param name="Arm">Whose.</param>
/// <param name="Milliseconds">Each step's time on the clock.</param>
/// <param name="CpuMilliseconds">The process's time on all cores, per step; other programs' load distorts it less.</param>
public sealed record Block(Arm Arm, double[] Milliseconds, double CpuMilliseconds)
{
    /// <summary>The block's median step on the clock.</summary>
    public double Median { get; } = Quantiles.Of(Milliseconds, 0.5);
}
