namespace Espalier.Robustness.Evaluation;

/// <summary>A report with the inputs that it is about.</summary>
/// <param name="Report">The numbers.</param>
/// <param name="Adversarials">[n, ...]: the adversarial input where the attack succeeded, the worst that it met where it did not.</param>
public sealed record EvaluatedRobustness(RobustnessReport Report, Tensor Adversarials) : IDisposable
{
    /// <summary>Frees the inputs.</summary>
    public void Dispose() => Adversarials.Dispose();
}
