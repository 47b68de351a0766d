namespace Espalier.Anomaly.Exposure;

/// <summary>What a model learns to say of outliers.</summary>
public enum OutlierLoss
{
    /// <summary>H(U; p) = LSE(l) - mean(l): nothing in particular (Hendrycks et al. 2019, section 3). The paper's form.</summary>
    UniformCrossEntropy,

    /// <summary>-sum_c π_c log p_c: as much as the classes' shares in the training data say, for classes of unequal size.</summary>
    ClassPrior,

    /// <summary>
    /// Squared hinges on the energy E = -LSE(l) of both sides: relu(E_in - m_in)² + relu(m_out - E_out)² (Liu et al. 2020, "Energy-based
    /// Out-of-distribution Detection", eq. 8). For fine-tuning: the margins follow from what the model says before.
    /// </summary>
    Energy,

    /// <summary>
    /// Each class by itself: binary cross-entropy, all classes denied for outliers (Hendrycks et al. 2019, section 5). Weaker than the
    /// plain form, says the paper; the score is the largest logit.
    /// </summary>
    Multilabel,

    /// <summary>
    /// A class of its own for outliers, on a network with an output more (<see cref="ExtraOutput"/>). Weaker than the plain form, says the
    /// paper; the score is the probability of that class.
    /// </summary>
    RejectClass,
}
