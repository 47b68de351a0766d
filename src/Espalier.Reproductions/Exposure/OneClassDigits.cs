using System.Globalization;
using Espalier.Anomaly.OneClass;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Metrics;

namespace Espalier.Reproductions.Exposure;

/// <summary>Deep SVDD on one digit of MNIST at a time: the others are told from it (Ruff et al. 2018, table 1).</summary>
internal static class OneClassDigits
{
    private const int Epochs = 30;

    // The paper's mean AUROC over ten seeds, one-class Deep SVDD.
    private static readonly double[] s_published = [98.0, 99.7, 91.7, 91.9, 94.9, 88.5, 98.3, 94.6, 93.9, 96.5];
    private static readonly int[] s_digits = [0, 1, 8];

    public static ReproductionPart Run(ReproductionContext context)
    {
        using UncutData mnist = DataCatalog.Default.LoadUncut(new() { Name = "mnist" });
        (Dataset train, Dataset test) = (mnist.Pool, mnist.ForTest);
        long[] labels = train.LabelArray(), testLabels = test.LabelArray();
        var table = new SeedTable();
        int images = 0;
        using var scope = torch.NewDisposeScope();
        Tensor all = test.All().Inputs;
        foreach (int digit in s_digits)
        {
            using var digitScope = torch.NewDisposeScope();
            Tensor own = train.Gather([.. Enumerable.Range(0, train.Count).Where(i => labels[i] == digit)]).Inputs.to(context.Device);
            images = (int)Math.Max(images, own.shape[0]);
            bool[] others = [.. testLabels.Select(l => l != digit)];
            foreach (int seed in context.AllSeeds)
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                using var detector = new ImageDeepSvdd(new() { Epochs = Epochs, PretrainingEpochs = Epochs, Seed = seed });
                detector.Fit(own, cancellationToken: context.CancellationToken);
                table.Add($"{digit}.auroc", 100 * Auroc.Of([.. detector.Score(all).data<double>()], others));
                context.Report(string.Create(CultureInfo.InvariantCulture, $"seed {seed}, digit {digit}: AUROC {table.Last($"{digit}.auroc"):0.0}"));
            }
        }

        return new("deep-svdd",
            string.Create(CultureInfo.InvariantCulture, $"Deep SVDD on one digit of MNIST at a time, up to {images:N0} images; all 10,000 test images, the other nine digits being the anomalies. {Epochs} epochs of the autoencoder and {Epochs} of the sphere, where the authors take 150 and 150; {context.SeedsText}."),
            [
                .. s_digits.Select(d => new Claim($"digit {d}, AUROC, %", s_published[d].ToString("0.0", CultureInfo.InvariantCulture), table.Text($"{d}.auroc"))),
            ],
            [])
        {
            Numbers = table.Means(),
        };
    }
}
