using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// sum p^gamma (1 - p)^gamma over the M largest probabilities (Liu et al., "GEN: Pushing the Limits of Softmax-Based
/// Out-of-Distribution Detection", CVPR 2023).
/// </summary>
public sealed class GeneralizedEntropy : ScoreRule
{
    private readonly double _gamma;
    private readonly int _largest;

    /// <summary>Creates the rule.</summary>
    /// <param name="gamma">The exponent, in (0, 1]; 0.1 in the paper.</param>
    /// <param name="largest">M, how many probabilities count; all where there are fewer. 100 in the paper.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public GeneralizedEntropy(double gamma = 0.1, int largest = 100) : base("gen", DetectorNeeds.None, ("gamma", gamma), ("m", largest))
    {
        OptionsException.Require(gamma is > 0 and <= 1, nameof(gamma), gamma, "must be above 0 and at most 1");
        OptionsException.Require(largest >= 1, "m", largest, "must be at least 1");
        (_gamma, _largest) = (gamma, largest);
    }

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start)
    {
        Tensor logP = logits.log_softmax(1).topk((int)Math.Min(_largest, logits.shape[1]), 1).values;

        // 1 - p without cancellation where p is nearly 1.
        return ((logP * _gamma).exp() * logP.expm1().neg().pow(_gamma)).sum([1L]);
    }
}
