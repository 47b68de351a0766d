using System.Globalization;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Evaluation;
using Espalier.Data;

namespace Espalier.Reproductions.Exposure;

/// <summary>The published weights give the published numbers: error on MNIST, and MSP and the cross-entropy from uniform on three sets.</summary>
internal static class ReferenceWeights
{
    private const double Tolerance = 0.01;

    // Set, detector, metric; baseline and fine-tuned, percent.
    private static readonly (string Set, string Detector, string Metric, double Baseline, double Exposed)[] Known =
    [
        ("fashion-mnist", "msp", "AUROC", 99.304, 99.899),
        ("fashion-mnist", "msp", "AUPR", 96.305, 99.531),
        ("fashion-mnist", "msp", "FPR95", 2.96, 0.62),
        ("fashion-mnist", "uniform-ce", "AUROC", 99.925, 99.981),
        ("notmnist", "msp", "AUROC", 96.111, 98.290),
        ("notmnist", "msp", "FPR95", 15.57, 6.98),
        ("negative", "msp", "AUROC", 98.689, 99.929),
    ];

    public static ReproductionPart Run(ReproductionContext context)
    {
        using MnistConvNets networks = MnistConvNets.Load(context.Device);
        var claims = new List<Claim>();
        var numbers = new Dictionary<string, double>();
        using var scope = torch.NewDisposeScope();
        LabelledBatch test = networks.Test.All();
        foreach ((string name, double error) in (ReadOnlySpan<(string, double)>)[("baseline", 0.94), ("oe_tune", 0.92)])
        {
            long wrong = networks.Network(name).Predict(test.Inputs).ne(test.Labels).sum().item<long>();
            claims.Add(new($"{name}: error on the 10,000 test images, %", Text(error), Text(wrong / 100.0), wrong == (long)Math.Round(100 * error)));
        }

        var found = new Dictionary<(string, string, string), DetectionMetrics>();
        foreach (string name in MnistConvNets.Names)
        {
            using NetworkOutputs inliers = NetworkOutputs.Of(networks.Network(name), test.Inputs);
            foreach (string set in Known.Select(k => k.Set).Distinct())
            {
                using var inner = torch.NewDisposeScope();
                using NetworkOutputs outliers = NetworkOutputs.Of(networks.Network(name), networks.Load(set));
                foreach (string detector in Known.Where(k => k.Set == set).Select(k => k.Detector).Distinct())
                {
                    using ScoreRule rule = DetectorCatalog.Create(detector);
                    found[(name, set, detector)] = DetectionMetrics.Of(rule.Score(inliers).data<double>().ToArray(), rule.Score(outliers).data<double>().ToArray());
                }
            }
        }

        foreach ((string set, string detector, string metric, double baseline, double exposed) in Known)
        {
            foreach ((string name, double published) in (ReadOnlySpan<(string, double)>)[("baseline", baseline), ("oe_tune", exposed)])
            {
                DetectionMetrics metrics = found[(name, set, detector)];
                double measured = 100 * (metric switch { "AUROC" => metrics.Auroc, "AUPR" => metrics.AveragePrecision, _ => metrics.FalsePositiveRate });
                numbers[$"{name}.{set}.{detector}.{metric}"] = measured;
                claims.Add(new($"{name}, {set}, {detector}: {metric}, %", Text(published), Text(measured), Math.Abs(measured - published) <= Tolerance + 5e-4));
            }
        }

        return new("weights", "The first 2,000 images of each set against all 10,000 test images of MNIST.", claims, []) { Numbers = numbers };
    }

    private static string Text(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
