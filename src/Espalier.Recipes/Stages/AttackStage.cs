using System.Globalization;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Regions;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Stages;

/// <summary>Attacks a classifier at growing radii and keeps a few examples.</summary>
internal sealed class AttackStage : RecipeStage<AuditSubject, AttackOptions, AttackRecord>
{
    public override string Key => "attack";

    public override void Validate(AttackOptions options, Recipe recipe) => options.Validate();

    public override AttackRecord Run(AuditSubject model, AttackOptions options, StageContext context) => Run(model.Context(context), options);

    public override IEnumerable<(string Name, double Value)> Numbers(AttackRecord record) => Summarize(record);

    public override string Describe(AttackRecord record) => "accuracy left: " + string.Join(", ",
    [
        .. record.Curves.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Middle.RobustAccuracy:P1} at {Norms.Name(c.Norm)} {c.Middle.Epsilon}")),
        .. record.Policies.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Report.RobustAccuracy:P1} under {p.Name} at {Norms.Name(p.Report.Norm)} {p.Report.Epsilon}")),
    ]);

    public override void Write(AttackRecord record, HtmlReport report, ReportContext context)
    {
        if (record.Curves.Count > 0)
            AttackSection.Write(report, context.Recipe, record);
        PolicyAttackSection.Write(report, record);
    }

    public override IEnumerable<SummaryCard> Cards(AttackRecord record)
    {
        if (record.Policies.MinBy(p => p.Report.RobustAccuracy) is { } worst)
        {
            yield return new(Format.Percent(worst.Report.RobustAccuracy), "accuracy under attack",
                string.Create(CultureInfo.InvariantCulture, $"{worst.Name}, {Norms.Name(worst.Report.Norm)} changes of at most {worst.Report.Epsilon:0.####}"));
            yield break;
        }

        AttackCurve curve = record.Curves[0];
        yield return new(Format.Percent(curve.Middle.RobustAccuracy), "accuracy under attack",
            string.Create(CultureInfo.InvariantCulture, $"{Norms.Name(curve.Norm)} changes of at most {curve.Middle.Epsilon}"));
    }

    private const int ExamplesPerCurve = 5;

    public static AttackRecord Run(AuditContext context, AttackOptions options) =>
        Run(context.Classifier, context.Test, context.Seed, options, context.Progress, context.CancellationToken);

    /// <summary>Attacks any classifier; curves need gradients.</summary>
    public static AttackRecord Run(IClassifier classifier, Dataset test, int seed, AttackOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        LabelledBatch batch = test.First(options.Samples);
        var curves = new List<AttackCurve>();
        var examples = new List<AttackExample>();
        var policies = new List<PolicyAttackRecord>();
        int parts = options.Curves.Count + options.Policies.Count;
        double clean = double.NaN;
        foreach (AttackCurveOptions curve in options.Curves)
        {
            if (classifier is not IDifferentiableClassifier differentiable)
                throw new OptionsException("curves", curve.Norm, "must be left out for a model without gradients: name a policy, such as scores-only");
            Attack attack = Attack(curve.Norm, options.Pgd, seed);
            RobustnessCurve measured = RobustnessCurve.Measure(attack, classifier, batch.Inputs, batch.Labels, curve.Epsilons, new Part(progress, curves.Count, parts), cancellationToken);
            clean = measured.CleanAccuracy;
            curves.Add(new AttackCurve(curve.Norm, measured.Points));
            examples.AddRange(Examples(differentiable, attack, batch, measured, cancellationToken));
        }

        foreach (PolicyAttackOptions policy in options.Policies)
        {
            PolicyAttackRecord record = OptionsException.Within("policies", () =>
                PolicyAttackStage.Run(classifier, batch, seed, policy, new Part(progress, curves.Count + policies.Count, parts), cancellationToken));
            clean = record.Report.CleanAccuracy;
            policies.Add(record);
        }

        return new AttackRecord(
            string.Create(CultureInfo.InvariantCulture, $"projected gradient descent, {options.Pgd.Steps} steps, {options.Pgd.Restarts} start(s), {options.Pgd.Loss}"),
            batch.Count, clean, test.InputShape, ValueRange.Of(classifier.Bounds), test.ClassNames, curves, examples)
        { Policies = policies };
    }

    public static IEnumerable<(string Name, double Value)> Summarize(AttackRecord record)
    {
        yield return ("attack.cleanAccuracy", record.CleanAccuracy);
        yield return ("attack.samples", record.Samples);
        foreach (AttackCurve curve in record.Curves)
        {
            foreach (RobustnessPoint point in curve.Points)
            {
                yield return (string.Create(CultureInfo.InvariantCulture,
                    $"attack.{curve.Norm.ToString().ToLowerInvariant()}.{point.Epsilon}.robustAccuracy"), point.RobustAccuracy);
            }
        }

        foreach ((string, double) number in record.Policies.SelectMany(PolicyAttackStage.Summarize))
            yield return number;
    }

    // Under L0 nothing bounds how far a pixel goes, so that a share of the radius is no length of a step.
    private static Attack Attack(Norm norm, ProjectedGradientDescentOptions pgd, int seed) => norm == Norm.L0
        ? new SparseGradientDescent(new() { Steps = pgd.Steps, Restarts = pgd.Restarts, Loss = pgd.Loss, ExpectationPasses = pgd.ExpectationPasses, BatchSize = pgd.BatchSize, FeatureScales = pgd.FeatureScales, Seed = seed })
        : new ProjectedGradientDescent(pgd with { Norm = norm, Seed = seed });

    /// <summary>A few inputs with their adversarials, at the radius that first breaks at least half of them.</summary>
    private static IEnumerable<AttackExample> Examples(IDifferentiableClassifier classifier, Attack attack, LabelledBatch batch, RobustnessCurve curve, CancellationToken cancellationToken)
    {
        double epsilon = curve.Points.FirstOrDefault(p => p.RobustAccuracy <= curve.CleanAccuracy / 2)?.Epsilon ?? curve.Points[^1].Epsilon;
        // The curve keeps no inputs, and another draw of starts may spare a sample: some more are attacked than are shown.
        int[] broken = [.. Enumerable.Range(0, batch.Count).Where(i => curve.BrokenAt[i] > 0 && curve.BrokenAt[i] <= epsilon).Take(3 * ExamplesPerCurve)];
        if (broken.Length == 0)
            return [];
        using var scope = torch.NewDisposeScope();
        Tensor inputs = Rows(batch.Inputs, broken);
        Tensor labels = Rows(batch.Labels, broken);
        using AttackResult result = attack.WithEpsilon(epsilon).Run(classifier, inputs, labels, cancellationToken: cancellationToken);
        int[] fooled = [.. Enumerable.Range(0, broken.Length).Where(i => result.Success[i]).Take(ExamplesPerCurve)];
        if (fooled.Length == 0)
            return [];
        IReadOnlyList<ImageSample> clean = ImageSamples.Of(classifier, Rows(inputs, fooled), Rows(labels, fooled));
        IReadOnlyList<ImageSample> adversarial = ImageSamples.Of(classifier, Rows(result.Adversarials, fooled), Rows(labels, fooled));
        return [.. clean.Zip(adversarial, (c, a) => new AttackExample(attack.Options.Norm, epsilon, c, a))];
    }

    private static Tensor Rows(Tensor tensor, int[] rows)
    {
        using Tensor index = torch.tensor(rows.Select(i => (long)i).ToArray(), device: tensor.device);
        return tensor.index_select(0, index);
    }

    private sealed class Part(IProgress<double>? whole, int index, int count) : IProgress<double>
    {
        public void Report(double value) => whole?.Report((index + value) / count);
    }
}
