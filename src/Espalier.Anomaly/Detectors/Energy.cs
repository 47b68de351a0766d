using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>-T log sum_c exp(l_c / T) (Liu et al., "Energy-based Out-of-distribution Detection", NeurIPS 2020).</summary>
/// <param name="temperature">T, above 0; 1 in the paper.</param>
/// <exception cref="OptionsException">T is not above 0.</exception>
public sealed class Energy(double temperature = 1) : ScoreRule("energy", DetectorNeeds.Logits, ("T", Temperatures.Checked(temperature)))
{
    /// <summary>T.</summary>
    public double Temperature => temperature;

    // One pass that allocates next to nothing.
    private protected override long RowsAtOnce => 1 << 24;

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) => Of(logits, temperature);

    /// <summary>The energy of logits, [n].</summary>
    internal static Tensor Of(Tensor logits, double temperature = 1) =>
        RowExponentials.Of(logits, temperature, (largest, sum) => -(largest + (temperature * Math.Log(sum))));
}
