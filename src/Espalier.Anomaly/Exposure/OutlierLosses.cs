using static TorchSharp.torch.nn;

namespace Espalier.Anomaly.Exposure;

/// <summary>The losses of outliers, one number each.</summary>
public static class OutlierLosses
{
    /// <summary>
    /// H(U; p) = -(1/K) sum_c log p_c, the cross-entropy to the uniform distribution. Since log p_c = l_c - LSE(l), its mean over the classes
    /// is mean(l) - LSE(l): so H(U; p) = LSE(l) - mean(l). At least log K, which equal logits reach.
    /// </summary>
    /// <param name="logits">[n, classes].</param>
    /// <returns>[n], nats.</returns>
    public static Tensor UniformCrossEntropy(Tensor logits) => logits.logsumexp(1) - logits.mean([1]);

    /// <summary>-sum_c π_c log p_c.</summary>
    /// <param name="logits">[n, classes].</param>
    /// <param name="prior">π, [classes], sums to 1.</param>
    /// <returns>[n], nats.</returns>
    public static Tensor PriorCrossEntropy(Tensor logits, Tensor prior) => logits.logsumexp(1) - (logits * prior).sum([1L]);

    /// <summary>relu(m_out - E)², with E = -LSE(l).</summary>
    /// <param name="logits">[n, classes].</param>
    /// <param name="outlierEnergy">m_out.</param>
    /// <returns>[n].</returns>
    public static Tensor EnergyAbove(Tensor logits, double outlierEnergy) => functional.relu(logits.logsumexp(1) + outlierEnergy).square();

    /// <summary>relu(E - m_in)², with E = -LSE(l).</summary>
    /// <param name="logits">[n, classes], of training samples.</param>
    /// <param name="inlierEnergy">m_in.</param>
    /// <returns>[n].</returns>
    public static Tensor EnergyBelow(Tensor logits, double inlierEnergy) => functional.relu(-logits.logsumexp(1) - inlierEnergy).square();

    /// <summary>-sum_c log(1 - sigmoid(l_c)): every class is denied.</summary>
    /// <param name="logits">[n, classes].</param>
    /// <returns>[n], nats.</returns>
    public static Tensor AllDenied(Tensor logits) => functional.softplus(logits).sum([1L]);
}
