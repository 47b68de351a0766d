using Espalier.Robustness.Losses;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks;

/// <summary>What an attack did to each input. Owns <see cref="Adversarials"/>.</summary>
public sealed class AttackResult : IDisposable
{
    internal AttackResult(Tensor adversarials) => Adversarials = adversarials;

    /// <summary>
    /// [n, ...], on the inputs' device: the adversarial input where the attack succeeded, the input of highest margin that
    /// it met where it did not, the input itself where there was nothing to do.
    /// </summary>
    public Tensor Adversarials { get; }

    /// <summary>What measured the perturbations.</summary>
    public Norm Norm { get; internal init; }

    /// <summary>The radius, in the inputs' unit.</summary>
    public double Epsilon { get; internal init; }

    /// <summary>Number of inputs n.</summary>
    public int Count => OriginallyCorrect.Count;

    /// <summary>Per input: whether it stood before the attack (predicted as labelled; with targets, not yet as the target).</summary>
    public IReadOnlyList<bool> OriginallyCorrect { get; internal init; } = [];

    /// <summary>Per input: whether it stood before the attack and no longer does.</summary>
    public IReadOnlyList<bool> Success { get; internal init; } = [];

    /// <summary>Per input: whether it stands after the attack: right before, and not fooled.</summary>
    public IReadOnlyList<bool> Robust => [.. OriginallyCorrect.Zip(Success, (right, fooled) => right && !fooled)];

    /// <summary>Number of inputs that stand after the attack.</summary>
    public int RobustCount => Enumerable.Range(0, Count).Count(i => OriginallyCorrect[i] && !Success[i]);

    /// <summary>Number of inputs that stood before the attack and no longer do.</summary>
    public int FooledCount => Success.Count(s => s);

    /// <summary>Per input: the size of its perturbation, in the attack's norm and the inputs' unit.</summary>
    public IReadOnlyList<double> PerturbationNorms { get; internal init; } = [];

    /// <summary>Per input: the stage of a composite attack that fooled it, counted from 0; -1 where none did.</summary>
    public IReadOnlyList<int> FirstStage { get; internal init; } = [];

    /// <summary>Per input: how often it, or a perturbed one in its place, was sent through the model, with and without gradients.</summary>
    public IReadOnlyList<long> QueriesPerSample { get; internal init; } = [];

    /// <summary>Per input: gradients taken; of an iterate that fools the model none is.</summary>
    public IReadOnlyList<long> GradientsPerSample { get; internal init; } = [];

    /// <summary>What each stage did, in order; of an attack that is not composite, one.</summary>
    public IReadOnlyList<AttackStageTally> Stages { get; internal init; } = [];

    /// <summary>Gradients taken, counted per input.</summary>
    public long GradientEvaluations => GradientsPerSample.Sum();

    /// <summary>Inputs sent through the model, with and without gradients.</summary>
    public long Queries => QueriesPerSample.Sum();

    /// <summary>
    /// Attacked inputs whose first gradient was zero in every feature. Many of them mean that the model hides its
    /// gradients rather than resists: try <see cref="AttackLoss.DifferenceOfLogitsRatio"/>.
    /// </summary>
    public int ZeroGradients { get; internal init; }

    /// <summary>Gradients that held values which are no numbers; they counted as zero.</summary>
    public int UndefinedGradients { get; internal init; }

    /// <summary>
    /// Inputs for which an attack on labels found no starting point, since nothing that it tried fools the model, however far away. They
    /// count as standing.
    /// </summary>
    public int WithoutStart { get; internal init; }

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
