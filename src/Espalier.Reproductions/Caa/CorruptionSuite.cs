using System.Globalization;
using Espalier.Data;
using Espalier.Recipes;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Corruptions;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Reproductions.Caa;

/// <summary>The seventeen common corruptions, alone and at their worst of ten draws.</summary>
internal static class CorruptionSuite
{
    private const int Count = 500;
    private const int Severity = 3;
    private const int Draws = 10;

    public static ReproductionPart Run(ReproductionContext context)
    {
        using AuditTarget victim = Victims.Open("tiny_std", context.Device);
        using var scope = torch.NewDisposeScope();
        LabelledBatch batch = victim.Splits.Test.First(Count);
        long[] keys = [.. Enumerable.Range(0, Count).Select(i => (long)i)];
        var claims = new List<Claim>();
        double[] bySeverity = new double[Corruption.MaximumSeverity];
        foreach (Corruption corruption in CorruptionCatalog.All)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            double[] accuracy = [.. Enumerable.Range(1, Corruption.MaximumSeverity).Select(severity => Accuracy(corruption, severity))];
            for (int i = 0; i < accuracy.Length; i++)
                bySeverity[i] += accuracy[i] / CorruptionCatalog.All.Count;
            Attack worst = AttackCatalog.Find(corruption.Name).Create(new(Norm.LInf, 1, null, new Dictionary<string, double> { ["severity"] = Severity, ["draws"] = Draws }));
            using AttackResult result = worst.Run(victim.Classifier, batch.Inputs, batch.Labels);
            claims.Add(new($"{corruption.Name}, severity {Severity}: accuracy, and the worst of {Draws} draws, %", "", string.Create(CultureInfo.InvariantCulture, $"{100 * accuracy[Severity - 1]:0.0}, {100 * result.RobustAccuracy:0.0}")));
        }

        claims.Add(new("mean accuracy over all corruptions at severities 1 to 5, %", "falls", string.Join(", ", bySeverity.Select(a => (100 * a).ToString("0.0", CultureInfo.InvariantCulture))), bySeverity.Zip(bySeverity.Skip(1)).All(p => p.First > p.Second)));
        return new("corruptions", "tiny_std, the first 500 test images, the constants of CIFAR-10-C. Bounded by no norm: not to be mixed with the numbers of the other parts.", claims, []);

        double Accuracy(Corruption corruption, int severity)
        {
            using var one = torch.NewDisposeScope();
            Tensor corrupted = corruption.Apply(batch.Inputs, severity, keys);
            return victim.Classifier.Predict(corrupted).eq(batch.Labels).sum().item<long>() / (double)Count;
        }
    }
}
