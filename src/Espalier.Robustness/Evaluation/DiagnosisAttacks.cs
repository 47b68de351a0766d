using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Evaluation;

/// <summary>The attacks that a diagnosis compares, in its norm. Under L0, where Auto-PGD and Square do not exist, they are PGD₀ and Sparse-RS.</summary>
/// <param name="options">Norm, steps, queries, seed.</param>
internal sealed class DiagnosisAttacks(GradientMaskingDiagnosisOptions options)
{
    private bool IsSparse => options.Norm == Norm.L0;

    /// <summary>What finds more where the cross-entropy is flat.</summary>
    public string OnTheMargin => IsSparse ? "sigma-zero" : "apgd-dlr or cw";

    /// <summary>The name of the attack that takes no gradients.</summary>
    public string BlackBoxName => IsSparse ? "sparse-rs" : "square";

    /// <summary>
    /// Whether a black box that finds more says that gradients are hidden. Of whole pixels a gradient says little on any model, since
    /// they move far.
    /// </summary>
    public bool GradientsShouldWin => !IsSparse;

    public Attack Noise(double epsilon) => Named("noise", epsilon);

    public Attack OneStep(double epsilon) => IsSparse ? PlainDescent.Of(options.Norm, epsilon, 1, options.Seed) : Named("fgsm", epsilon);

    public Attack ManySteps(double epsilon) => PlainDescent.Of(options.Norm, epsilon, options.Steps, options.Seed);

    public Attack CrossEntropy(double epsilon) => IsSparse ? ManySteps(epsilon) : Named("apgd-ce", epsilon, options.Steps);

    public Attack Margin(double epsilon) => IsSparse ? PlainDescent.Of(options.Norm, epsilon, options.Steps, options.Seed, AttackLoss.Margin) : Named("cw", epsilon, options.Steps);

    public Attack BlackBox(double epsilon) => Named(BlackBoxName, epsilon, settings: new() { ["queries"] = options.Queries });

    /// <summary>A radius within which every input lies.</summary>
    /// <param name="inputs">[n, ...].</param>
    /// <param name="side">The width of the inputs' range.</param>
    public double Diameter(Tensor inputs, double side)
    {
        double features = inputs.numel() / (double)inputs.shape[0];
        return options.Norm switch
        {
            Norm.LInf => side,
            Norm.L2 => side * Math.Sqrt(features),
            Norm.L0 => Pixels.Count(inputs),
            _ => side * features,
        };
    }

    private Attack Named(string name, double epsilon, int? steps = null, Dictionary<string, double>? settings = null) =>
        AttackCatalog.Find(name).Create(new(options.Norm, epsilon, steps, settings)).WithSeed(options.Seed);
}
