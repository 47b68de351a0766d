using System.Globalization;
using Espalier.Counterfactuals;
using Espalier.Counterfactuals.Distances;
using Espalier.Counterfactuals.Search;
using Espalier.Data;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Stages;

/// <summary>Finds, for some test inputs, the nearest input that the model takes for another class.</summary>
internal sealed class ExplainStage : RecipeStage<AuditSubject, ExplainOptions, ExplainRecord>
{
    public override string Key => "explain";

    public override void Validate(ExplainOptions options, Recipe recipe) => options.Validate();

    public override ExplainRecord Run(AuditSubject model, ExplainOptions options, StageContext context) => Run(model.Context(context), options);

    public override IEnumerable<(string Name, double Value)> Numbers(ExplainRecord record) => Summarize(record);

    public override string Describe(ExplainRecord record) =>
        string.Create(CultureInfo.InvariantCulture, $"{record.Explanations.Count(e => e.Valid)} of {record.Explanations.Count} decisions turned");

    public override void Write(ExplainRecord record, HtmlReport report, ReportContext context) => ExplainSection.Write(report, record);

    public override IEnumerable<SummaryCard> Cards(ExplainRecord record)
    {
        yield return new($"{record.Explanations.Count(e => e.Valid)} of {record.Explanations.Count}", "decisions explained", "by a smallest change that turns them");
    }

    public static ExplainRecord Run(AuditContext context, ExplainOptions options)
    {
        options.ValidateFor(context.Test.ClassCount);
        using var scope = torch.NewDisposeScope();
        LabelledBatch batch = context.Test.Gather(Chosen(context.Test, options));
        Tensor targets = options.Target is { } target ? torch.full_like(batch.Labels, target) : NextLikely(context, batch);
        var wachter = new Wachter(options.Wachter with { FeatureScales = Scales(context, options) });
        using CounterfactualResult result = wachter.Explain(context.Classifier, batch.Inputs, targets, cancellationToken: context.CancellationToken);
        IReadOnlyList<ImageSample> before = ImageSamples.Of(context.Classifier, batch.Inputs, batch.Labels);
        IReadOnlyList<ImageSample> after = ImageSamples.Of(context.Classifier, result.Counterfactuals, batch.Labels);
        long[] wanted = targets.cpu().data<long>().ToArray();
        return new ExplainRecord(
            $"Wachter's objective, {options.Wachter.Distance} distance", context.Test.InputShape, ValueRange.Of(context.Classifier.Bounds), context.Test.ClassNames,
            [.. Enumerable.Range(0, batch.Count).Select(i => new Explanation(
                before[i], after[i], (int)wanted[i], result.Valid[i], result.ProbabilitiesAfter[i], result.L1[i], result.L2[i], result.ChangedFeatures[i]))]);
    }

    public static IEnumerable<(string Name, double Value)> Summarize(ExplainRecord record)
    {
        Explanation[] valid = [.. record.Explanations.Where(e => e.Valid)];
        yield return ("explain.validity", (double)valid.Length / record.Explanations.Count);
        if (valid.Length == 0)
            yield break;
        yield return ("explain.meanL1", valid.Average(e => e.L1));
        yield return ("explain.meanL2", valid.Average(e => e.L2));
        yield return ("explain.meanChanged", valid.Average(e => e.Changed));
    }

    /// <summary>
    /// The columns of a table have units of their own, so their changes are divided by the median absolute deviation of
    /// the training split (Wachter et al. 2017, section III.B); pixels share one unit.
    /// </summary>
    private static IReadOnlyList<double>? Scales(AuditContext context, ExplainOptions options)
    {
        if (options.Wachter.FeatureScales is not null || context.Train.InputShape.Count > 1)
            return options.Wachter.FeatureScales;
        using var scope = torch.NewDisposeScope();
        return MedianAbsoluteDeviation.Of(context.Train.All().Inputs);
    }

    /// <summary>The first samples of each class in turn; of a class that is the target itself, none.</summary>
    private static int[] Chosen(Dataset test, ExplainOptions options)
    {
        long[] labels = test.LabelArray();
        int[][] byClass = [.. Enumerable.Range(0, test.ClassCount).Where(c => c != options.Target)
            .Select(c => Enumerable.Range(0, labels.Length).Where(i => labels[i] == c).ToArray())];
        int deepest = byClass.Max(c => c.Length);
        return [.. Enumerable.Range(0, deepest).SelectMany(rank => byClass.Where(c => rank < c.Length).Select(c => c[rank])).Take(options.Samples)];
    }

    private static Tensor NextLikely(AuditContext context, LabelledBatch batch)
    {
        using Tensor probabilities = context.Classifier.Probabilities(batch.Inputs);
        return probabilities.topk(2, 1).indexes.select(1, 1).contiguous();
    }
}
