using System.Diagnostics;
using System.Globalization;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.OneClass;
using Espalier.Anomaly.Persistence;
using Espalier.Anomaly.Tabular;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Tests.Data;
using TorchSharp.Modules;

namespace Espalier.Tests.Anomaly;

/// <summary>
/// Kept detectors of every kind, spoilt at random: a typed refusal or the same scores, and never much memory. The environment variable
/// <c>ESPALIER_MUTATIONS</c> says how many files over all kinds; 10,000 take some minutes.
/// </summary>
public sealed class HostileArchiveTests : IDisposable
{
    private const int FewOfEach = 48;
    private const long MostMemory = 1L << 30;
    private const long MostManaged = 64L << 20;

    private readonly TemporaryFolder _folder = new();
    private readonly torch.nn.Module<Tensor, Tensor> _module;
    private readonly TorchClassifier _classifier;
    private readonly FeatureClassifier _features;

    public HostileArchiveTests()
    {
        using var generator = new torch.Generator(5);
        Linear first = torch.nn.Linear(6, 8), last = torch.nn.Linear(8, 3);
        using (torch.no_grad())
        {
            foreach (TorchSharp.Modules.Parameter weight in first.parameters().Concat(last.parameters()))
                weight.normal_(0, 0.7, generator);
        }

        _module = torch.nn.Sequential(("fc1", first), ("relu", torch.nn.ReLU()), ("fc2", last));
        _classifier = new TorchClassifier(_module, [6], 3);
        _features = FeatureClassifier.Of(_classifier);
    }

    public static TheoryData<string> Kinds() => [.. TabularDetector.Names.Select(n => $"rows/{n}"), "rows/isolation-forest:oblique=true,trees=20", "rows/gaussian-mixture:components=2",
        .. DetectorCatalog.All.Select(d => $"network/{d.Name}"), "network/ensemble:energy+knn:k=5", "image/deep-svdd"];

    public void Dispose()
    {
        _folder.Dispose();
        _features.Dispose();
        _classifier.Dispose();
        _module.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_spoilt_detector_is_refused_or_scores_as_before(string kind)
    {
        int total = int.TryParse(Environment.GetEnvironmentVariable("ESPALIER_MUTATIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted) ? wanted : 0;
        int count = total > 0 ? (total / Kinds().Count) + 1 : FewOfEach;
        (string family, string text) = (kind[..kind.IndexOf('/')], kind[(kind.IndexOf('/') + 1)..]);
        string path = _folder.File("good.zip");
        Save(family, text, path);
        byte[] good = File.ReadAllBytes(path);
        double[] expected = Scores(family, path);
        var random = new Random(7);
        string spoilt = _folder.File("spoilt.zip");
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            int way = i % ArchiveMutation.Ways;
            bool mayDiffer = ArchiveMutation.Write(good, spoilt, way, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                double[] scores = Scores(family, spoilt);
                Assert.True(mayDiffer || scores.AsSpan().SequenceEqual(expected), $"{kind}: mutation {i} ({way}) changed the scores");
                Assert.DoesNotContain(scores, double.IsNaN);
            }
            catch (EspalierException error)
            {
                refused++;
                Assert.True(error.Message.Length < 2000, error.Message);
            }
            catch (Exception error) when (error is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"{kind}: mutation {i} ({way}) ended in {error}");
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < MostManaged, $"{kind}: mutation {i} ({way}) took {GC.GetAllocatedBytesForCurrentThread() - before:N0} bytes");
        }

        // Most ways spoil what nothing but a refusal can answer.
        Assert.True(refused > count / 2, $"{refused} of {count} refused");
        if (total > 0)
        {
            using Process process = Process.GetCurrentProcess();
            Assert.True(process.PeakWorkingSet64 < MostMemory, $"{process.PeakWorkingSet64:N0} bytes resident");
            TestContext.Current.TestOutputHelper?.WriteLine($"{kind}: {count} files, {refused} refused, {process.PeakWorkingSet64 >> 20} MiB at most");
        }
    }

    private void Save(string family, string text, string path)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(3);
        switch (family)
        {
            case "rows":
                TabularDetector rows = TabularDetector.Create(text);
                using (rows as IDisposable)
                {
                    rows.Fit(ReferenceTable.Rows);
                    rows.Calibrate(ReferenceTable.Rows);
                    rows.FalseAlarms = 0.05;
                    rows.Save(path);
                }

                break;
            case "network":
                using (Detector detector = Detector.Create(text, _features))
                {
                    Tensor inputs = torch.randn([150, 6], generator: generator);
                    detector.Fit(inputs, _features.Logits(inputs).argmax(1));
                    detector.Calibrate(inputs.narrow(0, 0, 20));
                    detector.FalseAlarms = 0.05;
                    detector.Examples = new ExampleBank(inputs.narrow(0, 0, 3), ["a", "b", "c"]);
                    detector.Save(path);
                }

                break;
            default:
                using (var images = new ImageDeepSvdd(new() { Channels = [4, 2], Kernel = 3, Representation = 8, Epochs = 1, PretrainingEpochs = 0, BatchSize = 20 }))
                {
                    images.Fit(torch.rand([40, 1, 12, 12], generator: generator));
                    images.Calibrate(torch.rand([20, 1, 12, 12], generator: generator));
                    images.Save(path);
                }

                break;
        }
    }

    private double[] Scores(string family, string path)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(4);
        switch (family)
        {
            case "rows":
                TabularDetector rows = TabularDetector.Load(path);
                using (rows as IDisposable)
                    return rows.Score(ReferenceTable.Queries);
            case "network":
                using (Detector detector = Detector.Load(path, _features))
                    return detector.Score(torch.randn([8, 6], generator: generator)).data<double>().ToArray();
            default:
                using (ImageDeepSvdd images = ImageDeepSvdd.Load(path))
                    return images.Score(torch.rand([4, 1, 12, 12], generator: generator)).data<double>().ToArray();
        }
    }
}
