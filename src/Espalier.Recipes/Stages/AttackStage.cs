using System.Globalization;
using Espalier.Data;
using Espalier.Robustness;

namespace Espalier.Recipes.Stages;

/// <summary>Attacks a classifier at growing radii and keeps a few examples.</summary>
internal static class AttackStage
{
    private const int ExamplesPerCurve = 5;

    public static AttackRecord Run(AuditContext context, AttackOptions options)
    {
        using var scope = torch.NewDisposeScope();
        int count = Math.Min(options.Samples ?? context.Test.Count, context.Test.Count);
        Batch batch = context.Test.Gather([.. Enumerable.Range(0, count)]);
        var curves = new List<AttackCurve>();
        var examples = new List<AttackExample>();
        double clean = 0;
        foreach (AttackCurveOptions curve in options.Curves)
        {
            var attack = new ProjectedGradientDescent(options.Pgd with { Norm = curve.Norm, Seed = context.Seed });
            int done = curves.Count;
            var progress = new Part(context.Progress, done, options.Curves.Count);
            RobustnessCurve measured = RobustnessCurve.Measure(attack, context.Classifier, batch.Inputs, batch.Labels, curve.Epsilons, progress, context.CancellationToken);
            clean = measured.CleanAccuracy;
            curves.Add(new AttackCurve(curve.Norm, measured.Points));
            examples.AddRange(Examples(context, attack, batch, measured));
        }

        return new AttackRecord(
            string.Create(CultureInfo.InvariantCulture, $"projected gradient descent, {options.Pgd.Steps} steps, {options.Pgd.Restarts} start(s), {options.Pgd.Loss}"),
            count, clean, context.Test.InputShape, ValueRange.Of(context.Classifier.Bounds), context.Test.ClassNames, curves, examples);
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
    }

    /// <summary>A few inputs with their adversarials, at the radius that first breaks at least half of them.</summary>
    private static IEnumerable<AttackExample> Examples(AuditContext context, ProjectedGradientDescent attack, Batch batch, RobustnessCurve curve)
    {
        double epsilon = curve.Points.FirstOrDefault(p => p.RobustAccuracy <= curve.CleanAccuracy / 2)?.Epsilon ?? curve.Points[^1].Epsilon;
        // The curve keeps no inputs, and another draw of starts may spare a sample: some more are attacked than are shown.
        int[] broken = [.. Enumerable.Range(0, batch.Count).Where(i => curve.BrokenAt[i] > 0 && curve.BrokenAt[i] <= epsilon).Take(3 * ExamplesPerCurve)];
        if (broken.Length == 0)
            return [];
        using var scope = torch.NewDisposeScope();
        Tensor inputs = Rows(batch.Inputs, broken);
        Tensor labels = Rows(batch.Labels, broken);
        using AttackResult result = attack.WithEpsilon(epsilon).Run(context.Classifier, inputs, labels, cancellationToken: context.CancellationToken);
        int[] fooled = [.. Enumerable.Range(0, broken.Length).Where(i => result.Success[i]).Take(ExamplesPerCurve)];
        if (fooled.Length == 0)
            return [];
        IReadOnlyList<ImageSample> clean = ImageSamples.Of(context.Classifier, Rows(inputs, fooled), Rows(labels, fooled));
        IReadOnlyList<ImageSample> adversarial = ImageSamples.Of(context.Classifier, Rows(result.Adversarials, fooled), Rows(labels, fooled));
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
