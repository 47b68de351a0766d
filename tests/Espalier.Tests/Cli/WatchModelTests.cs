using System.Globalization;
using System.Text;
using System.Text.Json;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Drift;
using Espalier.Anomaly.Outliers;
using Espalier.Anomaly.Watching;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Cli;

/// <summary>A stream of images under a network's detector: from the training to decisions, drift and metrics, as a user does it.</summary>
public sealed class WatchModelTests : IClassFixture<TinyRun>, IDisposable
{
    private const int Window = 40;

    private readonly TemporaryFolder _folder = new();
    private readonly TinyRun _run;

    public WatchModelTests(TinyRun run) => _run = run;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Images_are_watched_from_the_model_to_decisions_and_drift()
    {
        string detector = Fit();
        using RecipeData data = RecipeData.Load(_run.Recipe);
        using var scope = torch.NewDisposeScope();
        Tensor calm = data.Loaded.Splits.Train.First(2 * Window).Inputs;
        Tensor noise = OutlierGenerator.Create("rademacher").Generate(2 * Window, data.Loaded.Splits.Test.InputShape, data.Loaded.Splits.Test.Bounds, 5, null);
        string input = _folder.Write("in.jsonl", Lines(torch.cat([calm, noise])) + "[1, 2]\n");

        CommandResult watch = InProcess.Run("watch", detector, "--model", _run.Folder, "--input", input, "--drift-window", Invariant(Window), "--decisions", _folder.File("out.jsonl"), "--json");

        Assert.True(watch.ExitCode == 0, watch.Error);
        JsonElement counts = JsonDocument.Parse(watch.Output).RootElement;
        Assert.Equal((4 * Window, 1, 4), (counts.GetProperty("records").GetInt32(), counts.GetProperty("malformed").GetInt32(), counts.GetProperty("windows").GetInt32()));

        // The scores are those of the detector in the library, on the same model.
        JsonElement[] events = [.. File.ReadLines(_folder.File("out.jsonl")).Select(l => JsonDocument.Parse(l).RootElement)];
        double[] scores = [.. events.Where(e => e.GetProperty("type").GetString() == "decision").Select(e => e.GetProperty("score").GetDouble())];
        using AuditTarget target = AuditTarget.Open(_run.Folder, new(), torch.CPU);
        using Espalier.Recipes.Detection.DetectionModel model = Espalier.Recipes.Detection.DetectionModel.Of(target.Classifier);
        using Detector kept = Detector.Load(detector, model.Classifier);
        double[] expected = kept.Score(torch.cat([calm, noise])).data<double>().ToArray();
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], scores[i], 5);

        // Alarms name three training images; windows of images agree with a test of their own.
        JsonElement alarm = events.First(e => e.GetProperty("type").GetString() == "alarm").GetProperty("alarm");
        Assert.Equal(3, alarm.GetProperty("nearest").GetArrayLength());
        JsonElement[] drifts = [.. events.Where(e => e.GetProperty("type").GetString() == "drift").Select(e => e.GetProperty("drift"))];
        for (int w = 0; w < 4; w++)
        {
            (double distance, double p) = TwoSampleTests.KolmogorovSmirnov([.. kept.Calibration], [.. scores.Skip(w * Window).Take(Window)]);
            Assert.Equal((distance, p), (drifts[w].GetProperty("kolmogorovSmirnov").GetDouble(), drifts[w].GetProperty("pValue").GetDouble()));
            Assert.Equal(p <= 0.05, drifts[w].GetProperty("isDrift").GetBoolean());
        }

        Assert.True(drifts[2].GetProperty("isDrift").GetBoolean() && drifts[3].GetProperty("isDrift").GetBoolean());
        Assert.Equal(drifts.Count(d => d.GetProperty("isDrift").GetBoolean()), counts.GetProperty("drifts").GetInt32());
    }

    [Fact]
    public void A_window_goes_on_where_the_watch_was_left()
    {
        string detector = Fit();
        using RecipeData data = RecipeData.Load(_run.Recipe);
        using var scope = torch.NewDisposeScope();
        Tensor images = data.Loaded.Splits.Train.First((2 * Window) + 10).Inputs;
        string whole = _folder.Write("whole.jsonl", Lines(images));
        CommandResult once = InProcess.Run("watch", detector, "--model", _run.Folder, "--input", whole, "--drift-window", Invariant(Window), "--decisions", _folder.File("once.jsonl"), "--quiet");
        Assert.Equal((0, ""), (once.ExitCode, once.Error));

        // The same records in two sittings, the first of which ends in the middle of a window.
        string part = _folder.Write("part.jsonl", Lines(images.narrow(0, 0, Window + 13)));
        string[] arguments = ["watch", detector, "--model", _run.Folder, "--input", part, "--drift-window", Invariant(Window), "--state", _folder.File("state.json"), "--decisions", _folder.File("twice.jsonl"), "--quiet"];
        Assert.Equal(0, InProcess.Run(arguments).ExitCode);
        File.Copy(whole, part, overwrite: true);
        Assert.Equal(0, InProcess.Run(arguments).ExitCode);

        JsonElement[] wholeDrifts = Drifts("once.jsonl"), partDrifts = Drifts("twice.jsonl");
        Assert.Equal((2, 2), (wholeDrifts.Length, partDrifts.Length));
        Assert.All(wholeDrifts.Zip(partDrifts), d =>
        {
            Assert.Equal(d.First.GetProperty("index").GetInt64(), d.Second.GetProperty("index").GetInt64());
            (JsonElement first, JsonElement second) = (d.First.GetProperty("drift"), d.Second.GetProperty("drift"));
            Assert.Equal(first.GetProperty("isDrift").GetBoolean(), second.GetProperty("isDrift").GetBoolean());
            // The batches are cut elsewhere, and a product of other size rounds otherwise.
            Assert.Equal(first.GetProperty("windowMean").GetDouble(), second.GetProperty("windowMean").GetDouble(), 1e-6);
            Assert.Equal(first.GetProperty("kolmogorovSmirnov").GetDouble(), second.GetProperty("kolmogorovSmirnov").GetDouble(), 1e-9);
        });

        JsonElement[] Drifts(string name) =>
            [.. File.ReadLines(_folder.File(name)).Select(l => JsonDocument.Parse(l).RootElement).Where(e => e.GetProperty("type").GetString() == "drift")];
    }

    [Fact]
    public void Drift_ends_the_watch_with_3_where_it_is_asked_to()
    {
        string detector = Fit();
        using RecipeData data = RecipeData.Load(_run.Recipe);
        using var scope = torch.NewDisposeScope();
        Tensor noise = OutlierGenerator.Create("rademacher").Generate(600, data.Loaded.Splits.Test.InputShape, data.Loaded.Splits.Test.Bounds, 5, null);
        string input = _folder.Write("in.jsonl", Lines(noise));

        CommandResult alarmed = InProcess.Run("watch", detector, "--model", _run.Folder, "--input", input, "--drift-window", "50", "--fail-on-drift", "--alpha", "0.01", "--alarms-only", "--decisions", _folder.File("out.jsonl"), "--json");

        Assert.Equal(3, alarmed.ExitCode);
        Assert.True(JsonDocument.Parse(alarmed.Output).RootElement.GetProperty("records").GetInt32() < 600);
        Assert.All(File.ReadLines(_folder.File("out.jsonl")), l => Assert.DoesNotContain("\"type\":\"decision\"", l, StringComparison.Ordinal));

        void Refused(string expected, params string[] more)
        {
            CommandResult refused = InProcess.Run(["watch", detector, "--input", input, .. more]);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains(expected, refused.Error);
        }

        Refused("drift-window", "--model", _run.Folder, "--fail-on-drift");
        Refused("at least 2", "--model", _run.Folder, "--drift-window", "1");
        Refused("device", "--model", _run.Folder, "--device", "gpu");
    }

    [Fact]
    public void An_infinite_score_counts_as_one_beyond_all_others()
    {
        double[] scores = [.. Enumerable.Range(0, 20).Select(i => i / 20.0)];
        FeatureDrift Test(double extreme)
        {
            var drift = new ScoreDrift(new ConformalCalibration(scores), 4);
            Assert.Null(drift.Observe(0.1));
            Assert.Null(drift.Observe(extreme));
            Assert.Null(drift.Observe(0.3));
            FeatureDrift test = drift.Observe(0.9)!;
            Assert.Empty(drift.Waiting);
            return test;
        }

        Assert.Equal((Test(100).KolmogorovSmirnov, Test(100).StabilityIndex), (Test(double.PositiveInfinity).KolmogorovSmirnov, Test(double.PositiveInfinity).StabilityIndex));
        Assert.Equal(Test(-100).PValue, Test(double.NegativeInfinity).PValue);
        Assert.Throws<DataException>(() => Test(double.NaN));
        Assert.Throws<OptionsException>(() => new ScoreDrift(new ConformalCalibration(scores), 1));
        Assert.Throws<DataException>(() => new ScoreDrift(new ConformalCalibration([1, 2, 3]), 4));
    }

    private string Fit()
    {
        CommandResult fit = InProcess.Run("detectors", "fit", _run.Folder, "--detector", "knn:k=5", "--fpr", "0.1", "--out", _folder.File("d.zip"), "--quiet");
        Assert.Equal((0, "", ""), (fit.ExitCode, fit.Output, fit.Error));
        return _folder.File("d.zip");
    }

    private static string Invariant(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Lines(Tensor images)
    {
        float[] values = [.. images.cpu().flatten().data<float>()];
        int width = values.Length / (int)images.shape[0];
        var text = new StringBuilder();
        for (int i = 0; i < images.shape[0]; i++)
            text.Append('[').AppendJoin(',', values.Skip(i * width).Take(width).Select(v => v.ToString("R", CultureInfo.InvariantCulture))).Append("]\n");
        return text.ToString();
    }
}
