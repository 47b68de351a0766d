using System.Globalization;
using Espalier.Data;
using Espalier.Models;
using Espalier.Recipes;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Reproductions.Caa;

/// <summary>HopSkipJump on a model that gives labels only, beside DDN with gradients.</summary>
internal static class DecisionsOnly
{
    private const int Count = 20;

    public static ReproductionPart Run(ReproductionContext context)
    {
        using AuditTarget victim = Victims.Open("tiny_std", context.Device);
        using var scope = torch.NewDisposeScope();
        LabelledBatch batch = victim.Splits.Test.First(Count);
        var labelsOnly = new LabelsOnly(victim.Classifier);
        var claims = new List<Claim>();
        double ddn = Median(AttackCatalog.Find("ddn").Create(new(Norm.L2, double.PositiveInfinity, 100)), victim.Classifier, batch, out _);
        claims.Add(new("DDN(100) with gradients: median L2", "0.983", Text(ddn)));
        foreach ((int queries, string published, double limit) in ((int, string, double)[])[(1000, "2.00 (at most 2.1)", 2.1), (2500, "1.48", double.NaN), (5000, "1.32 (at most 1.40)", 1.40)])
        {
            context.Report($"HopSkipJump, {queries} queries");
            var attack = AttackCatalog.Find("hop-skip-jump").Create(new(Norm.L2, double.PositiveInfinity, null, new Dictionary<string, double> { ["queries"] = queries }));
            double median = Median(attack, labelsOnly, batch, out AttackResult result);
            claims.Add(new($"HopSkipJump({queries:N0}), labels only: median L2", published, Text(median), double.IsNaN(limit) ? null : median <= limit));
            claims.Add(new($"... gradients taken, most queries for an image", "0, the budget", string.Create(CultureInfo.InvariantCulture, $"{result.GradientEvaluations}, {result.QueriesPerSample.Max():N0}"), result.GradientEvaluations == 0));
        }

        return new("decisions", "tiny_std, the first 20 test images, smallest change of L2; start points are other images of the batch.", claims, []);
    }

    private static double Median(Attack attack, IClassifier classifier, LabelledBatch batch, out AttackResult result)
    {
        result = attack.Run(classifier, batch.Inputs, batch.Labels);
        result.Dispose();
        double[] sorted = [.. result.PerturbationNorms.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Text(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
