using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Espalier.Anomaly.Detectors;
using Espalier.Files;
using Espalier.Models;

namespace Espalier.Benchmarks.Anomaly;

/// <summary>
/// Seconds that detectors of networks take to be fitted on one set of features and to score another, the best of several rounds,
/// with the scores written for the Python script of the same name, which scores the very same features.
/// </summary>
internal static class DetectorSpeedCommand
{
    private const int MillionRows = 1_000_000;

    public static void Run(CommandArguments arguments)
    {
        string folder = arguments.Text("--folder") ?? throw new ArgumentException("--folder FOLDER holds features.npz");
        int rounds = arguments.Number("--rounds") ?? 5;
        int threads = arguments.Number("--threads") ?? 2;
        torch.set_num_threads(threads);
        NpzFile file = NpzFile.Open(Path.Combine(folder, "features.npz"));
        using Tensor weight = file.Load("weight").ToTensor();
        using Tensor bias = file.Load("bias").ToTensor();
        using Tensor labels = file.Load("labels").ToTensor();
        using var head = new LinearHead(weight, bias);
        using NetworkOutputs fit = Outputs(file.Load("fit"), head);
        using NetworkOutputs test = Outputs(file.Load("test"), head);
        double total = 0;
        foreach (string text in new[] { "mds", "rmds", "vim:dim=256", "knn:k=50", "msp", "energy", "gen", "klm", "react", "dice", "ash-s", "scale", "she", "gradnorm", "fdbd", "nnguide", "openmax" })
        {
            (double fitted, double scored) = (double.PositiveInfinity, double.PositiveInfinity);
            double[] scores = [];
            for (int round = 0; round < rounds; round++)
            {
                using ScoreRule rule = DetectorCatalog.Create(text);
                var watch = Stopwatch.StartNew();
                rule.Fit(fit, labels);
                fitted = Math.Min(fitted, watch.Elapsed.TotalSeconds);
                watch.Restart();
                using Tensor result = rule.Score(test);
                scored = Math.Min(scored, watch.Elapsed.TotalSeconds);
                scores = result.data<double>().ToArray();
            }

            string name = text.Split(':')[0];
            if (name is "mds" or "rmds" or "vim" or "knn")
                total += fitted + scored;
            File.WriteAllBytes(Path.Combine(folder, $"{name}.scores"), MemoryMarshal.AsBytes<double>(scores).ToArray());
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"espalier {name} threads {threads} fit {fitted:F4} score {scored:F4}"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"espalier mds + rmds + vim + knn, fit and score: {total:F3} s"));
        using var generator = new torch.Generator(1);
        using var million = new NetworkOutputs(torch.randn([MillionRows, 10], dtype: torch.float64, generator: generator));
        foreach (string text in new[] { "msp", "energy" })
        {
            using ScoreRule rule = DetectorCatalog.Create(text);
            double seconds = double.PositiveInfinity;
            for (int round = 0; round < rounds; round++)
            {
                var watch = Stopwatch.StartNew();
                using Tensor scores = rule.Score(million);
                seconds = Math.Min(seconds, watch.Elapsed.TotalSeconds);
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"espalier {text} of 1,000,000 x 10 logits: {1000 * seconds:F1} ms"));
        }
    }

    private static NetworkOutputs Outputs(NpyArray features, LinearHead head)
    {
        using var scope = torch.NewDisposeScope();
        Tensor z = features.ToTensor();
        return new NetworkOutputs(head.Logits(z.to(torch.float64)), z, head);
    }
}
