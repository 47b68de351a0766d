using System.Globalization;
using Espalier.Anomaly.Tabular;
using Espalier.Data.Catalog;
using Espalier.Data.Tables;
using Espalier.Metrics;

namespace Espalier.Reproductions.Exposure;

/// <summary>
/// Detectors of rows on the tables of ADBench: columns standardised, fitted and scored on all rows, as PyOD 3.6.5 was for the
/// reference values.
/// </summary>
internal static class TabularBenchmark
{
    private const string Largest = "shuttle";

    private static readonly string[] s_sets =
    [
        "annthyroid", "breastw", "cardio", "cardiotocography", "glass", "ionosphere", "letter", "mammography", "musk", "optdigits",
        "pendigits", "pima", "satellite", "satimage-2", "thyroid", "vowels", "wbc", "wdbc", "wine",
    ];

    // Detector, PyOD's mean AUROC and average precision in percent, and the AUROC of single sets.
    private static readonly (string Detector, string Published, double Area, double Precision, (string Set, double Area)[] Single)[] s_deterministic =
    [
        ("hbos", "HBOS", 81.94, 45.97, []),
        ("copod", "COPOD", 81.31, 42.92, []),
        ("ecod", "ECOD", 80.58, 43.48, [("cardio", 93.5), ("thyroid", 97.7), ("letter", 57.2), ("ionosphere", 72.8)]),
        ("pca:score=compat,standardize=false", "PCA (PyOD's score)", 80.21, 45.81, [("cardio", 95.0), ("thyroid", 95.5), ("letter", 52.3), ("ionosphere", 78.3)]),
        ("pca:standardize=false", "PCA (χ²)", 81.20, 38.68, []),
        ("knn:standardize=false", "KNN", 79.86, 37.92, [("cardio", 71.3), ("thyroid", 96.0), ("letter", 89.3), ("ionosphere", 92.7)]),
        ("lof:standardize=false", "LOF", 69.08, 25.39, [("cardio", 54.7), ("thyroid", 67.4), ("letter", 89.8), ("ionosphere", 86.8)]),
    ];

    private static readonly string[] s_others = ["robust-covariance", "one-class-svm", "gaussian-mixture", "isolation-forest:oblique=true", "autoencoder", "deep-svdd"];

    public static ReproductionPart Run(ReproductionContext context)
    {
        (string Name, double[,] Rows, bool[] Positives)[] tables = [.. s_sets.Select(Load)];
        var claims = new List<Claim>();
        var numbers = new Dictionary<string, double>();

        (double Area, double Precision)[] Measure(string detector)
        {
            context.Report(detector);
            return [.. tables.Select(table =>
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                TabularDetector made = TabularDetector.Create(detector);
                double[] scores = made.FitScore(table.Rows, cancellationToken: context.CancellationToken);
                (made as IDisposable)?.Dispose();
                double area = 100 * Auroc.Of(scores, table.Positives);
                numbers[$"{detector.Split(':')[0]}.{table.Name}.auroc"] = area;
                return (area, 100 * AveragePrecision.Of(scores, table.Positives));
            })];
        }

        double[] forests = [.. Enumerable.Range(1, Math.Max(3, context.Seeds)).Select(seed => Measure($"isolation-forest:seed={seed}").Average(m => m.Area))];
        claims.Add(new("Isolation forest, mean AUROC of 19 sets", "84.45, at least 84.0", $"{Number(forests.Average())} over {forests.Length} seeds ({string.Join(", ", forests.Select(Number))})", forests.Average() >= 84.0));
        foreach ((string detector, string title, double area, double precision, (string Set, double Area)[] single) in s_deterministic)
        {
            (double Area, double Precision)[] measured = Measure(detector);
            claims.Add(new($"{title}, mean AUROC / average precision of 19 sets", $"{Number(area)} / {Number(precision)}", $"{Number(measured.Average(m => m.Area))} / {Number(measured.Average(m => m.Precision))}",
                Near(measured.Average(m => m.Area), area) && Near(measured.Average(m => m.Precision), precision)));
            foreach ((string set, double expected) in single)
            {
                double found = measured[Array.IndexOf(s_sets, set)].Area;
                claims.Add(new($"{title}, {set}, AUROC", expected.ToString("F1", CultureInfo.InvariantCulture), Number(found), Near(found, expected)));
            }
        }

        foreach (string detector in s_others)
        {
            (double Area, double Precision)[] measured = Measure(detector);
            claims.Add(new($"{detector}, mean AUROC / average precision of 19 sets", "no reference", $"{Number(measured.Average(m => m.Area))} / {Number(measured.Average(m => m.Precision))}"));
        }

        context.Report(Largest);
        (_, double[,] rows, bool[] positives) = Load(Largest);
        double shuttle = 100 * Auroc.Of(new IsolationForest().FitScore(rows), positives);
        claims.Add(new($"Isolation forest, shuttle ({rows.GetLength(0)} rows), AUROC", "at least 99.5", Number(shuttle), shuttle >= 99.5));
        return new("tabular", "Tables of ADBench without labels: columns standardised (ddof 0), fitted and scored on all rows; reference PyOD 3.6.5, deterministic ones within 0.1.", claims, []) { Numbers = numbers };
    }

    private static bool Near(double measured, double published) => Math.Abs(measured - published) <= 0.1;

    private static string Number(double value) => value.ToString("F2", CultureInfo.InvariantCulture);

    private static (string Name, double[,] Rows, bool[] Positives) Load(string set)
    {
        NumericTable table = DataCatalog.Default.LoadTable($"adbench-{set}");
        (int count, int width) = (table.Count, table.Schema.FeatureCount);
        double[,] rows = new double[count, width];
        for (int j = 0; j < width; j++)
        {
            double[] column = new double[count];
            for (int i = 0; i < count; i++)
                column[i] = table.Rows[i, j];
            double mean = PairwiseSum(column) / count;
            double deviation = Math.Sqrt(PairwiseSum([.. column.Select(v => (v - mean) * (v - mean))]) / count);
            for (int i = 0; i < count; i++)
                rows[i, j] = deviation > 0 ? (table.Rows[i, j] - mean) / deviation : 0;
        }

        return (set, rows, [.. table.Labels!.Select(l => l == "unusual")]);
    }

    // NumPy's order of summation, bit for bit: many values of these tables lie exactly on the edge of a histogram bin or at the same
    // distance as others, and the last bit of a mean decides on which side.
    private static double PairwiseSum(ReadOnlySpan<double> values)
    {
        if (values.Length > 128)
        {
            int half = values.Length / 2;
            half -= half % 8;
            return PairwiseSum(values[..half]) + PairwiseSum(values[half..]);
        }

        double sum = 0;
        int at = 0;
        if (values.Length >= 8)
        {
            Span<double> lanes = stackalloc double[8];
            values[..8].CopyTo(lanes);
            for (at = 8; at + 8 <= values.Length; at += 8)
            {
                for (int k = 0; k < 8; k++)
                    lanes[k] += values[at + k];
            }

            sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
        }

        for (; at < values.Length; at++)
            sum += values[at];
        return sum;
    }
}
