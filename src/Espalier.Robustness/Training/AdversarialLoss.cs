namespace Espalier.Robustness.Training;

/// <summary>What adversarial training minimises.</summary>
public enum AdversarialLoss
{
    /// <summary>The cross-entropy at the adversarial input (Madry et al. 2018).</summary>
    Madry,

    /// <summary>
    /// The cross-entropy at the clean input plus β times the divergence of what the model says of the two (TRADES; Zhang et
    /// al., "Theoretically Principled Trade-off between Robustness and Accuracy", ICML 2019, eq. 5).
    /// </summary>
    Trades,
}
