using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Espalier.Anomaly.Tabular;

namespace Espalier.Benchmarks.Anomaly;

/// <summary>
/// Seconds that detectors of rows take to fit 10,000 rows and to score 10,000 others, the best of several rounds, with the scores
/// written for the Python script of the same name, which scores the very same rows.
/// </summary>
internal static class TabularSpeedCommand
{
    public static void Run(CommandArguments arguments)
    {
        string folder = arguments.Text("--folder") ?? throw new ArgumentException("--folder FOLDER holds train.f64 and test.f64");
        int width = arguments.Number("--width") ?? 16;
        int rounds = arguments.Number("--rounds") ?? 5;
        int threads = arguments.Number("--threads") ?? 2;
        torch.set_num_threads(threads);
        double[,] train = Read(Path.Combine(folder, "train.f64"), width);
        double[,] test = Read(Path.Combine(folder, "test.f64"), width);
        foreach ((string name, string text) in new[]
        {
            ("isolation-forest", "isolation-forest"),
            ("knn", "knn:standardize=false"),
            ("lof", "lof:standardize=false"),
            ("mahalanobis", "robust-covariance:support=1"),
        })
        {
            (double fit, double score) = (double.PositiveInfinity, double.PositiveInfinity);
            double[] scores = [];
            for (int round = 0; round < rounds; round++)
            {
                TabularDetector detector = TabularDetector.Create(text);
                var watch = Stopwatch.StartNew();
                detector.Fit(train);
                fit = Math.Min(fit, watch.Elapsed.TotalSeconds);
                watch.Restart();
                scores = detector.Score(test);
                score = Math.Min(score, watch.Elapsed.TotalSeconds);
            }

            File.WriteAllBytes(Path.Combine(folder, $"{name}.scores"), MemoryMarshal.AsBytes<double>(scores).ToArray());
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"espalier {name} width {width} threads {threads} fit {fit:F4} score {score:F4}"));
        }
    }

    private static double[,] Read(string path, int width)
    {
        byte[] bytes = File.ReadAllBytes(path);
        double[,] rows = new double[bytes.Length / sizeof(double) / width, width];
        Buffer.BlockCopy(bytes, 0, rows, 0, bytes.Length);
        return rows;
    }
}
