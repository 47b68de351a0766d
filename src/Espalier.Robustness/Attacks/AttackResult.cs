namespace Espalier.Robustness;

/// <summary>What an attack did to each input. Owns <see cref="Adversarials"/>.</summary>
public sealed class AttackResult : IDisposable
{
    internal AttackResult(Tensor adversarials, bool[] originallyCorrect, bool[] success, double[] perturbationNorms,
        long gradientEvaluations, long queries, int zeroGradients)
    {
        Adversarials = adversarials;
        OriginallyCorrect = originallyCorrect;
        Success = success;
        PerturbationNorms = perturbationNorms;
        GradientEvaluations = gradientEvaluations;
        Queries = queries;
        ZeroGradients = zeroGradients;
    }

    /// <summary>
    /// [n, ...], on the inputs' device: the adversarial input where the attack succeeded, the input of highest loss that
    /// it met where it did not, the input itself where there was nothing to do.
    /// </summary>
    public Tensor Adversarials { get; }

    /// <summary>Number of inputs n.</summary>
    public int Count => OriginallyCorrect.Count;

    /// <summary>Per input: whether it stood before the attack (predicted as labelled; with targets, not yet as the target).</summary>
    public IReadOnlyList<bool> OriginallyCorrect { get; }

    /// <summary>Per input: whether it stood before the attack and no longer does.</summary>
    public IReadOnlyList<bool> Success { get; }

    /// <summary>Per input: the size of its perturbation, in the attack's norm and the inputs' unit.</summary>
    public IReadOnlyList<double> PerturbationNorms { get; }

    /// <summary>Gradients taken, counted per input.</summary>
    public long GradientEvaluations { get; }

    /// <summary>Inputs sent through the model, with and without gradients.</summary>
    public long Queries { get; }

    /// <summary>
    /// Attacked inputs whose first gradient was zero in every feature. Many of them mean that the model hides its
    /// gradients rather than resists: try <see cref="AttackLoss.DifferenceOfLogitsRatio"/>.
    /// </summary>
    public int ZeroGradients { get; }

    /// <summary>Share of inputs that stood before the attack; NaN for none.</summary>
    public double CleanAccuracy => Share(i => OriginallyCorrect[i]);

    /// <summary>Share of inputs that stand after the attack; NaN for none.</summary>
    public double RobustAccuracy => Share(i => OriginallyCorrect[i] && !Success[i]);

    /// <summary>Share of successes among the inputs that stood before; NaN where there were none.</summary>
    public double SuccessRate => Success.Count(s => s) / (double)OriginallyCorrect.Count(c => c);

    /// <summary>Frees the adversarial inputs.</summary>
    public void Dispose() => Adversarials.Dispose();

    private double Share(Func<int, bool> holds) => Enumerable.Range(0, Count).Count(holds) / (double)Count;
}
