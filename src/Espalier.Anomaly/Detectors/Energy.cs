using Espalier.Models;

namespace Espalier.Anomaly;

/// <summary>-T log sum_c exp(l_c / T) (Liu et al., "Energy-based Out-of-distribution Detection", NeurIPS 2020).</summary>
public sealed class Energy : LogitDetector
{
    /// <summary>Creates the detector.</summary>
    /// <param name="classifier">The model whose answers are scored.</param>
    /// <param name="temperature">T, above 0; 1 in the paper.</param>
    /// <exception cref="OptionsException">T is not above 0.</exception>
    public Energy(IDifferentiableClassifier classifier, double temperature = 1) : base("energy", classifier)
    {
        OptionsException.Require(temperature > 0, nameof(temperature), temperature, "must be above 0");
        Temperature = temperature;
    }

    /// <summary>T.</summary>
    public double Temperature { get; }

    private protected override Tensor FromLogits(Tensor logits) => -Temperature * (logits / Temperature).logsumexp(1);
}
