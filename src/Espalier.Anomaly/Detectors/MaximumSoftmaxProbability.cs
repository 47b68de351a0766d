using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// -max_c p_c, p = softmax(l / T) (Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution
/// Examples", ICLR 2017). p is computed from the logits in double: a float softmax saturates into ties.
/// </summary>
/// <param name="temperature">T, above 0; 1 in the paper.</param>
/// <exception cref="OptionsException">T is not above 0.</exception>
public sealed class MaximumSoftmaxProbability(double temperature = 1) : ScoreRule("msp", DetectorNeeds.None, ("T", Temperatures.Checked(temperature)))
{
    // One pass that allocates next to nothing.
    private protected override long RowsAtOnce => 1 << 24;

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) =>
        RowExponentials.Of(logits, temperature, (_, sum) => -1 / sum);
}
