using System.Text.Json;
using Espalier.Anomaly.OneClass;
using Espalier.Anomaly.Persistence;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Metrics;
using Espalier.Randomness;
using Espalier.Tests.Cli;
using Espalier.Tests.Data;
using static TorchSharp.torch;

namespace Espalier.Tests.Anomaly;

/// <summary>Deep SVDD on images: what keeps it from collapsing, what its score does not see, and its file.</summary>
public sealed class ImageDeepSvddTests : IDisposable
{
    private const int Side = 12;

    private static readonly ImageDeepSvddOptions s_small = new() { Channels = [4], Kernel = 3, Representation = 8, Epochs = 8, PretrainingEpochs = 4, BatchSize = 20, LearningRate = 1e-3, WarmupEpochs = 2 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, false)]
    [InlineData(4, false)]
    [InlineData(4, true)]
    public void Images_of_another_kind_are_told(int pretraining, bool soft)
    {
        using var scope = NewDisposeScope();
        using var detector = new ImageDeepSvdd(s_small with { PretrainingEpochs = pretraining, SoftBoundary = soft });
        detector.Fit(Bars(200, 1, upright: true));

        double auroc = Auroc.Of(Scores(detector, Bars(80, 3, upright: false)), Scores(detector, Bars(80, 2, upright: true)));

        Assert.True(auroc > 0.9, $"{auroc}");
    }

    [Fact]
    public void Nothing_in_the_network_can_map_all_images_to_the_centre()
    {
        using var scope = NewDisposeScope();
        using var detector = new ImageDeepSvdd(s_small);
        detector.Fit(Bars(60, 1, upright: true));

        // Weights of convolutions and of the linear layer, and nothing that is added or that scales a norm.
        Assert.Equal(["convs.0.weight", "fc.weight"], detector.Network!.named_parameters().Select(p => p.name));
        Assert.All(detector.Centre, c => Assert.True(Math.Abs(c) >= 0.1 - 1e-6));

        // Images that are all the same are one point whatever is learned: refused, not kept.
        using var collapsed = new ImageDeepSvdd(s_small);
        Tensor same = Bars(1, 1, upright: true).expand(40, 1, Side, Side).clone();
        Assert.Throws<ModelOutputException>(() => collapsed.Fit(same));
        Assert.Throws<OptionsException>(() => collapsed.Score(same));
    }

    [Fact]
    public void The_centre_is_the_mean_before_the_training_kept_away_from_zero()
    {
        using var scope = NewDisposeScope();
        Tensor images = Bars(50, 1, upright: true);
        ImageDeepSvddOptions options = s_small with { PretrainingEpochs = 0 };
        using var detector = new ImageDeepSvdd(options);
        detector.Fit(images);

        // A network of the same seed that was never trained, and the normalization by hand.
        using var fresh = new SphereEncoder(options, [1, Side, Side]);
        fresh.eval();
        Tensor x = images - images.mean([1L, 2L, 3L], keepdim: true);
        x = x / x.abs().mean([1L, 2L, 3L], keepdim: true);
        x = (x - x.min()) / (x.max() - x.min());
        double[] mean = [.. fresh.call(x).mean([0L]).detach().to(float64).data<double>()];
        Assert.Contains(mean, m => Math.Abs(m) < 0.1);
        double[] expected = [.. mean.Select(m => Math.Abs(m) >= 0.1 ? m : m < 0 ? -0.1 : 0.1)];
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], detector.Centre[i], 5);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.35)]
    public void The_share_nu_of_the_images_lies_outside_a_soft_boundary(double nu)
    {
        using var scope = NewDisposeScope();
        Tensor images = Bars(120, 1, upright: true);
        using var detector = new ImageDeepSvdd(s_small with { SoftBoundary = true, Nu = nu });
        detector.Fit(images);

        double outside = Scores(detector, images).Count(s => s > 1e-9) / 120.0;

        Assert.InRange(outside, nu - (1 / 120.0) - 1e-9, nu + 1e-9);
        using var hard = new ImageDeepSvdd(s_small);
        hard.Fit(images);
        Assert.Equal(0, hard.SquaredRadius);
        Assert.All(Scores(hard, images), s => Assert.True(s >= 0));
    }

    [Fact]
    public void Brightness_and_contrast_do_not_change_a_score()
    {
        using var scope = NewDisposeScope();
        Tensor images = Bars(60, 1, upright: true);
        using var detector = new ImageDeepSvdd(s_small);
        detector.Fit(images);
        double[] scores = Scores(detector, images), changed = Scores(detector, (0.4 * images) + 0.3);

        for (int i = 0; i < scores.Length; i++)
            Assert.Equal(1, (1e-4 + changed[i]) / (1e-4 + scores[i]), 0.01);

        // Nor do the images beside it: no statistics of the batch.
        Assert.Equal(scores[7], Scores(detector, images.narrow(0, 7, 1))[0], 5);
    }

    [Fact]
    public void The_soft_boundary_is_the_papers_formula_after_the_warm_up()
    {
        using var scope = NewDisposeScope();
        using var network = nn.Linear(3, 2, hasBias: false);
        Tensor centre = tensor(new[] { 0.5f, -1f }), x = randn(5, 3);
        double[] d = [.. (network.call(x) - centre).square().sum([1L]).detach().to(float64).data<double>()];
        using var data = new InputRows("five", x.clone());
        double Loss(double? nu, long warmup, long seen) => new SphereObjective(network, centre, nu, warmup)
            .Step(data.Gather([0, 1, 2, 3, 4], 0), new Espalier.Training.Loop.TrainingState { SamplesSeen = seen }).Sum.item<float>();

        Assert.Equal(d.Sum(), Loss(null, 0, 0), 4);
        Assert.Equal(d.Sum() / 0.25, Loss(0.25, 10, 5), 3);

        // The quantile 0.75 of five values is the fourth.
        double radius = d.Order().ElementAt(3);
        Assert.Equal(d.Sum(v => radius + (Math.Max(0, v - radius) / 0.25)), Loss(0.25, 10, 10), 3);
    }

    [Fact]
    public void The_same_seed_gives_the_same_scores_and_a_file_gives_them_bit_for_bit()
    {
        using var scope = NewDisposeScope();
        Tensor images = Bars(60, 1, upright: true);
        using var detector = new ImageDeepSvdd(s_small with { SoftBoundary = true }) { FalseAlarms = 0.1 };
        detector.Fit(images);
        using var again = new ImageDeepSvdd(s_small with { SoftBoundary = true });
        again.Fit(images);
        Assert.Equal(Scores(detector, images), Scores(again, images));
        detector.Calibrate(Bars(30, 2, upright: true));
        string path = _folder.File("d.zip");
        detector.Save(path);

        using ImageDeepSvdd loaded = ImageDeepSvdd.Load(path);

        Assert.Equal(Scores(detector, images), Scores(loaded, images));
        Assert.Equal((detector.FalseAlarms, detector.SquaredRadius), (loaded.FalseAlarms, loaded.SquaredRadius));
        Assert.Equal(detector.Calibration, loaded.Calibration);
        Assert.Equal(detector.Centre, loaded.Centre);

        DetectorArchive archive = DetectorArchive.Read(path);
        void Refused(string expected, Dictionary<string, NpyArray> arrays, System.Text.Json.Nodes.JsonObject? options = null)
        {
            string broken = _folder.File("broken.zip");
            new DetectorArchive { Kind = archive.Kind, Detector = archive.Detector, Options = options ?? archive.Options, Arrays = arrays, Calibration = archive.Calibration }.Write(broken);
            Assert.Contains(expected, Assert.Throws<CheckpointException>(() => ImageDeepSvdd.Load(broken)).Message, StringComparison.Ordinal);
        }

        Refused("centre", archive.Arrays.Where(a => a.Key != "centre").ToDictionary());
        Refused("fc.weight", new Dictionary<string, NpyArray>(archive.Arrays) { ["weight.fc.weight"] = NpyArray.Of(ones(2, 3)) });
        Refused("settings", new Dictionary<string, NpyArray>(archive.Arrays), []);
        Assert.Contains("kind", Assert.Throws<CheckpointException>(() => DetectorArchive.Read(path, "network")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_learned_from_is_refused()
    {
        using var scope = NewDisposeScope();
        using var detector = new ImageDeepSvdd(s_small);
        Assert.Throws<ShapeException>(() => detector.Fit(ones(5, 3)));
        Assert.Throws<ShapeException>(() => new ImageDeepSvdd(s_small with { Channels = [2, 2, 2, 2] }).Fit(Bars(5, 1, upright: true)));
        Assert.Throws<DataException>(() => detector.Fit(ones(1, 1, Side, Side)));
        Assert.Contains("colour", Assert.Throws<DataException>(() => detector.Fit(ones(5, 1, Side, Side))).Message, StringComparison.Ordinal);
        Tensor bad = Bars(5, 1, upright: true);
        bad[3, 0, 2, 2] = float.NaN;
        Assert.Contains("image 3", Assert.Throws<DataException>(() => detector.Fit(bad)).Message, StringComparison.Ordinal);
        Assert.Throws<OptionsException>(() => new ImageDeepSvdd(new() { Nu = 1 }));
        Assert.Throws<OptionsException>(() => new ImageDeepSvdd(new() { Kernel = 4 }));
        Assert.Throws<OptionsException>(() => detector.Save(_folder.File("none.zip")));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => detector.Fit(Bars(40, 1, upright: true), null, stop.Token));
        Assert.Empty(detector.Centre);
    }

    [Fact]
    public void One_digit_is_fitted_scored_and_watched_by_the_command()
    {
        string kept = _folder.File("d.zip");
        CommandResult fit = InProcess.Run("detectors", "fit-images", "digits", "--class", "0", "--epochs", "60", "--pretraining-epochs", "30", "--fpr", "0.1", "--out", kept, "--json", "--quiet");
        Assert.Equal((0, ""), (fit.ExitCode, fit.Error));
        Assert.Equal([1, 8, 8], JsonDocument.Parse(fit.Output).RootElement.GetProperty("inputShape").EnumerateArray().Select(s => s.GetInt32()));

        CommandResult score = InProcess.Run("detectors", "score-images", kept, "digits", "--normal", "0", "--json", "--quiet");
        Assert.Equal((0, ""), (score.ExitCode, score.Error));
        JsonElement result = JsonDocument.Parse(score.Output).RootElement;
        Assert.True(result.GetProperty("auroc").GetDouble() > 0.9, score.Output[..80]);

        using var scope = NewDisposeScope();
        using ImageDeepSvdd detector = ImageDeepSvdd.Load(kept);
        using UncutData digits = DataCatalog.Default.LoadUncut(new() { Name = "digits" });
        Tensor first = digits.ForTest.First(3).Inputs;
        double[] expected = Scores(detector, first);
        Assert.Equal(expected, result.GetProperty("images").EnumerateArray().Take(3).Select(i => i.GetProperty("score").GetDouble()), (a, b) => Math.Abs(a - b) < 1e-5);

        string lines = string.Concat(Enumerable.Range(0, 3).Select(i => $"[{string.Join(",", first[i].flatten().data<float>().ToArray().Select(v => v.ToString("R", System.Globalization.CultureInfo.InvariantCulture)))}]\n"));
        CommandResult watch = InProcess.Run("watch", kept, "--input", _folder.Write("in.jsonl", lines), "--quiet");
        Assert.Equal((0, ""), (watch.ExitCode, watch.Error));
        Assert.Equal(expected, watch.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).Where(e => e.GetProperty("type").GetString() == "decision").Select(e => e.GetProperty("score").GetDouble()), (a, b) => Math.Abs(a - b) < 1e-5);

        void Refused(string expected, params string[] arguments)
        {
            CommandResult refused = InProcess.Run(arguments);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains(expected, refused.Error);
        }

        Refused("no images", "detectors", "fit-images", "wine");
        Refused("class", "detectors", "fit-images", "digits", "--class", "ten");
        Refused("soft-boundary", "detectors", "fit-images", "digits", "--nu", "0.2");
        Refused("shape", "detectors", "fit-images", _folder.Path);
        Refused("at least 99", "detectors", "fit-images", "digits", "--count", "50", "--fpr", "0.01");
    }

    private static double[] Scores(ImageDeepSvdd detector, Tensor images) => [.. detector.Score(images).data<double>()];

    // A bright bar of random place and width on a noisy ground.
    private static Tensor Bars(int count, int seed, bool upright)
    {
        using var generator = new Generator((ulong)seed);
        var random = new SplitMix64(seed, 5);
        Tensor images = rand([count, 1, Side, Side], generator: generator) * 0.2;
        for (int i = 0; i < count; i++)
        {
            int at = 1 + random.NextBelow(Side - 4), width = 2 + random.NextBelow(2);
            images[i, 0].narrow(upright ? 1 : 0, at, width).add_(0.7);
        }

        return images;
    }
}
