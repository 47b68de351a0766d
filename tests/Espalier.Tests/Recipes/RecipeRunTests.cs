using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Runs.Store;

namespace Espalier.Tests.Recipes;

public sealed class RecipeRunTests(TinyRun tiny) : IClassFixture<TinyRun>
{
    private string PathOf(string name) => Path.Combine(tiny.Folder, name);

    [Fact]
    public void Every_promised_file_is_there()
    {
        foreach (string name in new[] { "run.json", "metrics.jsonl", "model.safetensors", "summary.json", "report.html", "checkpoints/last.safetensors",
            "stages/train.json", "stages/evaluate.json", "stages/attack.json", "stages/detect.json", "stages/explain.json" })
            Assert.True(File.Exists(PathOf(name)), $"{name} is missing");
        Assert.True(new FileInfo(Assert.Single(Directory.GetFiles(PathOf("tensorboard")))).Length > 1000);
        Assert.Empty(Directory.GetFiles(tiny.Folder, "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public void The_manifest_holds_the_resolved_recipe_and_checksums()
    {
        JsonNode manifest = JsonNode.Parse(File.ReadAllText(PathOf("run.json")))!;
        Assert.Equal("completed", (string?)manifest["status"]);
        Assert.Equal(0.01, (double?)manifest["options"]!["train"]!["optimizer"]!["learningRate"]);
        Assert.Equal("bb91ac08ceeb4eb7ddca61f0af46532f91c54eea07aab185ef61474328881e05", (string?)manifest["dataChecksums"]!["digits.csv"]);
    }

    [Fact]
    public void The_summary_has_the_stable_names()
    {
        Dictionary<string, double?> summary = JsonSerializer.Deserialize<Dictionary<string, double?>>(File.ReadAllText(PathOf("summary.json")))!;
        foreach (string name in new[] { "evaluate.accuracy", "evaluate.ema.accuracy", "evaluate.ema.ece", "attack.linf.0.1.robustAccuracy", "attack.l2.0.5.robustAccuracy",
            "attack.cleanAccuracy", "detect.gaussian.auroc", "detect.gaussian.fpr95", "detect.pixel-shuffle.aupr", "explain.validity" })
            Assert.True(summary.GetValueOrDefault(name) is >= 0 and <= 1, $"{name} is {summary.GetValueOrDefault(name)}");
        foreach (string name in new[] { "train.seconds", "train.samplesPerSecond", "total.seconds", "memory.peakMiB", "model.parameters", "evaluate.seconds" })
            Assert.True(summary.GetValueOrDefault(name) > 0, $"{name} is {summary.GetValueOrDefault(name)}");
        Assert.Equal((300, 0), (summary["data.samples"], summary["data.leftOut"]));
        Assert.True(summary["total.seconds"] >= summary["train.seconds"] + summary["attack.seconds"]);
        Assert.True(summary["attack.linf.0.1.robustAccuracy"] <= summary["attack.linf.0.05.robustAccuracy"]);
        Assert.True(summary["evaluate.accuracy"] > 0.3, "four epochs lift the accuracy above chance");
    }

    [Fact]
    public void Metrics_have_every_step_once_and_an_evaluation_per_epoch()
    {
        IReadOnlyList<MetricRecord> metrics = MetricLog.Read(PathOf("metrics.jsonl"));
        int train = JsonNode.Parse(File.ReadAllText(PathOf("stages/train.json")))!["trainSamples"]!.GetValue<int>();
        int steps = (int)Math.Ceiling(4.0 * train / 32);
        Assert.Equal(Enumerable.Range(1, steps).Select(s => (long)s), metrics.Select(m => m.Step));
        Assert.All(metrics, m => Assert.True(m.Values.ContainsKey("train.loss") && m.Values.ContainsKey("train.accuracy") && m.Values.ContainsKey("train.emaMomentum")));
        Assert.Equal(4, metrics.Count(m => m.Values.ContainsKey("validation.ema.accuracy")));
        Assert.True(metrics.Take(5).Average(m => m.Values["train.loss"]) > metrics.TakeLast(5).Average(m => m.Values["train.loss"]) + 0.1);
    }

    [Fact]
    public void The_weights_are_there_raw_and_averaged()
    {
        SafetensorsFile file = SafetensorsFile.Open(PathOf("model.safetensors"));
        string[] raw = [.. file.Names.Where(n => !n.StartsWith("ema.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.NotEmpty(raw);
        Assert.Equal(raw.Select(n => "ema." + n), file.Names.Where(n => n.StartsWith("ema.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        using Tensor weight = file.Load(raw.First(n => n.EndsWith("weight", StringComparison.Ordinal)));
        using Tensor average = file.Load("ema." + raw.First(n => n.EndsWith("weight", StringComparison.Ordinal)));
        Assert.False(weight.allclose(average), "the average lags behind");
        Assert.Contains("gmlp", file.Metadata["espalier.model"], StringComparison.Ordinal);
    }

    [Fact]
    public void Same_seed_same_numbers_and_another_seed_others()
    {
        Dictionary<string, double?> first = TinyRun.Numbers(tiny.Folder);
        Assert.True(first.Count > 25);
        Assert.Equal(first, TinyRun.Numbers(TinyRun.Execute(tiny.Recipe, tiny.Fresh("again"))));
        Recipe other = tiny.Recipe with { Seed = 4, Attack = null, Detect = null, Explain = null };
        Assert.NotEqual(first["train.loss"], TinyRun.Numbers(TinyRun.Execute(other, tiny.Fresh("other")))["train.loss"]);
    }

    [Fact]
    public void An_audit_of_the_saved_run_gives_the_numbers_of_the_run()
    {
        using SavedRun saved = SavedRun.Open(tiny.Folder, torch.CPU);
        using (Run audit = Run.CreateAt(tiny.Fresh("audit"), new RunManifest { Name = "audit", Kind = "audit", Options = RecipeRun.OptionsOf(saved.Recipe) }))
            Assert.True(saved.Audit(saved.Recipe, audit, ema: null, progress: null));
        Dictionary<string, double?> run = TinyRun.Numbers(tiny.Folder);
        Dictionary<string, double?> audited = TinyRun.Numbers(tiny.Fresh("audit"));
        Assert.True(audited.Count > 20);
        Assert.All(audited, a => Assert.Equal(run[a.Key], a.Value));
        Assert.True(File.Exists(Path.Combine(tiny.Fresh("audit"), "report.html")));
    }

    [Fact]
    public void The_accuracy_is_that_of_the_saved_weights()
    {
        using SavedRun saved = SavedRun.Open(tiny.Folder, torch.CPU);
        using Espalier.Data.Catalog.LoadedData data = Espalier.Data.Catalog.DataCatalog.Default.Load(tiny.Recipe.Data);
        using AuditedModel model = AuditedModel.Load(saved.Recipe, PathOf("model.safetensors"), data.Splits.Test, torch.CPU, ema: true);
        using var scope = torch.NewDisposeScope();
        using Espalier.Data.LabelledBatch test = data.Splits.Test.All();
        long[] predicted = [.. model.Classifier.Predict(test.Inputs).data<long>()];
        double right = predicted.Zip(data.Splits.Test.LabelArray()).Count(p => p.First == p.Second) / (double)predicted.Length;
        Assert.Equal(right, TinyRun.Numbers(tiny.Folder)["evaluate.ema.accuracy"]!.Value, 1e-9);
    }

    [Fact]
    public void What_an_audit_would_refuse_is_refused_before_the_training()
    {
        Recipe recipe = tiny.Recipe with { Explain = new() { Target = 10 } };
        using Run run = Run.CreateAt(tiny.Fresh("refused"), new RunManifest { Name = "tiny", Kind = "run" });
        Assert.Equal("explain.target", Assert.Throws<OptionsException>(() => new RecipeRun(recipe, run, torch.CPU).Execute(false, CancellationToken.None)).Option);
        Assert.False(File.Exists(run.MetricsPath));
        Assert.Equal(RunStatus.Failed, run.Manifest.Status);
    }

    [Fact]
    public void Cancelling_an_audit_leaves_a_run_that_can_be_continued()
    {
        using var stop = new CancellationTokenSource();
        string folder = tiny.Fresh("cancelled");
        using (Run run = Run.CreateAt(folder, new RunManifest { Name = "tiny", Kind = "run", Options = RecipeRun.OptionsOf(tiny.Recipe) }))
            Assert.False(new RecipeRun(tiny.Recipe, run, torch.CPU, new StopAt("attack", stop)).Execute(false, stop.Token));
        Assert.Equal(RunStatus.Interrupted, Run.Open(folder).Manifest.Status);
        using (Run run = Run.Open(folder))
        {
            run.Resume();
            Assert.True(new RecipeRun(RecipeRun.RecipeOf(run, BuiltIn.Catalog), run, torch.CPU).Execute(resume: true, CancellationToken.None));
        }

        Assert.Equal(TinyRun.Numbers(tiny.Folder), TinyRun.Numbers(folder));
    }

    private sealed class StopAt(string stage, CancellationTokenSource stop) : IProgress<StageProgress>
    {
        public void Report(StageProgress value)
        {
            if (value.Stage == stage)
                stop.Cancel();
        }
    }
}
