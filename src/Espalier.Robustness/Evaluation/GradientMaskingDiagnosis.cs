using System.Globalization;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Evaluation;

/// <summary>
/// Looks for the signs by which a model that hides its gradients gives itself away (Athalye et al. 2018; Carlini et al., "On
/// Evaluating Adversarial Robustness", 2019; caa.md 6). Each finding comes with its evidence and what to do next.
/// </summary>
/// <param name="options">Norm, radius, budgets.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class GradientMaskingDiagnosis(GradientMaskingDiagnosisOptions? options = null)
{
    private const double Notable = 0.002;
    private const double Many = 0.1;
    private const double Saturated = 1 - 1e-7;

    /// <summary>What the diagnosis was told.</summary>
    public GradientMaskingDiagnosisOptions Options { get; } = Validated(options ?? new());

    /// <summary>Examines a model.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="inputs">[n, ...], float32 or float64, others are examined as float32; inside the model's bounds; a hundred are enough.</param>
    /// <param name="labels">[n], int64, the true classes.</param>
    /// <param name="progress">Told the share done, in (0, 1].</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The findings; none is a good sign, not a proof.</returns>
    /// <exception cref="DataException">There is no input, a label is out of range or an input outside the bounds.</exception>
    /// <exception cref="ModelOutputException">The model answers with no finite numbers.</exception>
    public IReadOnlyList<RobustnessFinding> Run(IClassifier classifier, Tensor inputs, Tensor labels, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ClassifierInputs.Check(classifier, inputs);
        ClassifierInputs.CheckClasses(classifier, labels, inputs.shape[0], nameof(labels));
        if (inputs.shape[0] == 0)
            throw new DataException("inputs", "are empty", "give at least one");
        using var scope = torch.NewDisposeScope();
        inputs = AttackTarget.Precise(inputs);
        var found = new List<RobustnessFinding>();
        found.AddRange(TargetSigns.Of(new AttackTarget(classifier, new QueryMeter()), inputs, labels));
        Access access = AttackTarget.Offers(classifier);
        if (access == Access.Labels)
            return found;

        // Only the numbers are of interest: the adversarial inputs are freed at once.
        AttackResult Run(Attack attack)
        {
            using AttackResult result = attack.Run(classifier, inputs, labels, cancellationToken: cancellationToken);
            return result;
        }

        var attacks = new DiagnosisAttacks(Options);
        AttackResult noise = Run(attacks.Noise(Options.Epsilon));
        progress?.Report(0.1);
        if (access < Access.Gradients)
            return found;
        if (!HasGradient((IDifferentiableClassifier)classifier, inputs))
        {
            found.Add(new("no-gradients", "no graph leads from the logits to the inputs",
                "something in the model cuts it (rounding, thresholds, argmax): give a smooth backward pass, DefendedClassifier with GradientPath.StraightThrough, and attack with square"));
            return found;
        }

        AttackResult oneStep = Run(attacks.OneStep(Options.Epsilon));
        AttackResult pgd = Run(attacks.ManySteps(Options.Epsilon));
        progress?.Report(0.3);
        AttackResult apgd = Run(attacks.CrossEntropy(Options.Epsilon));
        AttackResult margin = Run(attacks.Margin(Options.Epsilon));
        progress?.Report(0.6);
        int attacked = pgd.OriginallyCorrect.Count(c => c);
        found.AddRange(ResultSigns.OfUndefined(apgd.UndefinedGradients + margin.UndefinedGradients));
        if (attacked > 0 && apgd.ZeroGradients > Many * attacked)
        {
            found.Add(new("zero-gradients", Text($"the gradient of the cross-entropy of {apgd.ZeroGradients} of {attacked} inputs is zero in every feature"),
                margin.ZeroGradients > Many * attacked ? "the model rounds or compares: give a smooth backward pass (BPDA), and attack with " + attacks.BlackBoxName : "the cross-entropy is saturated: attack with " + attacks.OnTheMargin));
        }

        Saturation(classifier, inputs, labels, apgd, margin, attacks.OnTheMargin, found);
        Worse("one-step-better", oneStep, pgd, Text($"one step leaves {oneStep.RobustAccuracy:P1}, {Options.Steps} steps leave {pgd.RobustAccuracy:P1}"),
            $"more steps must not be weaker: the loss is rough or the gradients mislead; average them (passes=20), and attack with {attacks.BlackBoxName}", found);
        Worse("noise-better", noise, pgd, Text($"random noise of the same size leaves {noise.RobustAccuracy:P1}, gradients leave {pgd.RobustAccuracy:P1}"),
            $"the gradients mislead: give a smooth backward pass, and attack with {attacks.BlackBoxName}", found);

        AttackResult best = margin.RobustAccuracy < apgd.RobustAccuracy ? margin : apgd;
        AttackResult blackBox = Run(attacks.BlackBox(Options.Epsilon));
        progress?.Report(0.8);
        Worse("black-box-better", blackBox, best, Text($"{attacks.BlackBoxName}, without gradients, leaves {blackBox.RobustAccuracy:P1}; the gradients leave {best.RobustAccuracy:P1}"),
            attacks.GradientsShouldWin ? "the gradients mislead: raise the queries, and look for what flattens or breaks them"
                : "nothing by itself, since of whole pixels a gradient says little: judge the model by the policy sparse", found, attacks.GradientsShouldWin);
        WholeBox(classifier, inputs, attacks, Run, found);
        AttackResult half = Run(attacks.CrossEntropy(Perturbations.Share(Options.Norm, Options.Epsilon, 0.5)));
        if (apgd.RobustAccuracy > half.RobustAccuracy + Notable)
            found.Add(new("not-monotone", Text($"at half the radius {half.RobustAccuracy:P1} stand, at the whole {apgd.RobustAccuracy:P1}"), "a larger ball holds the smaller: the attack is stuck; take more steps and restarts"));
        progress?.Report(1);
        return found;
    }

    private static bool HasGradient(IDifferentiableClassifier classifier, Tensor inputs)
    {
        using var scope = torch.NewDisposeScope();
        using var gradients = torch.enable_grad();
        return classifier.Logits(inputs.narrow(0, 0, 1).detach().requires_grad_(true)).requires_grad;
    }

    private void Saturation(IClassifier classifier, Tensor inputs, Tensor labels, AttackResult crossEntropy, AttackResult margin, string action, List<RobustnessFinding> found)
    {
        using var scope = torch.NewDisposeScope();
        Tensor confidence = ((IScoringClassifier)classifier).Probabilities(inputs).gather(1, labels.unsqueeze(1)).squeeze(1);
        long sure = confidence.ge(Saturated).sum().item<long>();
        if (sure > Many * inputs.shape[0] && margin.RobustAccuracy < crossEntropy.RobustAccuracy - Notable)
        {
            found.Add(new("saturation", Text($"the probability of the true class is 1 in float32 for {sure} of {inputs.shape[0]} inputs; the cross-entropy leaves {crossEntropy.RobustAccuracy:P1}, the margin {margin.RobustAccuracy:P1}"),
                $"the loss is flat, not the model robust: attack with {action}, or divide the logits by a constant"));
        }
    }

    private static void WholeBox(IClassifier classifier, Tensor inputs, DiagnosisAttacks attacks, Func<Attack, AttackResult> run, List<RobustnessFinding> found)
    {
        if (!double.IsFinite(classifier.Bounds.Lower) || !double.IsFinite(classifier.Bounds.Upper))
            return;
        AttackResult all = run(attacks.ManySteps(attacks.Diameter(inputs, classifier.Bounds.Upper - classifier.Bounds.Lower)));
        if (all.RobustAccuracy > 0)
        {
            found.Add(new("whole-box", Text($"where every input is allowed, {all.RobustAccuracy:P1} still stand"),
                "nothing can be robust there, since any other class's input is in reach: the attack is blind; find out why before believing smaller radii"));
        }
    }

    private static void Worse(string code, AttackResult weaker, AttackResult stronger, string evidence, string action, List<RobustnessFinding> found, bool isWarning = true)
    {
        if (weaker.RobustAccuracy < stronger.RobustAccuracy - Notable)
            found.Add(new(code, evidence, action, isWarning));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static GradientMaskingDiagnosisOptions Validated(GradientMaskingDiagnosisOptions options)
    {
        options.Validate();
        return options;
    }
}
