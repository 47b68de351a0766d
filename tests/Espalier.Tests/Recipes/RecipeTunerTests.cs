using System.Globalization;
using System.Text.Json;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Tuning;
using Espalier.Runs.Store;
using Espalier.Tests.Data;
using Espalier.Tests.Distributed;

namespace Espalier.Tests.Recipes;

public sealed class RecipeTunerTests : IDisposable
{
    private const string Text = """
        { "name": "tuned", "data": { "name": "wine", "standardize": true }, "model": { "name": "mlp", "mlp": { "hiddenSizes": [8] } },
          "train": { "length": "9 epochs", "batchSize": 16 }, "evaluate": {},
          "tune": { "trials": 9, "space": { "train.optimizer.learningRate": { "from": 1e-6, "to": 0.1, "log": true }, "train.batchSize": { "choices": [8, 16] } } } }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_range_covers_its_values_evenly()
    {
        static double Value(TuneRange range, double unit) => double.Parse(range.At(unit), CultureInfo.InvariantCulture);
        double[] units = [.. Enumerable.Range(0, 10_000).Select(i => (i + 0.5) / 10_000)];
        Assert.All(units, u => Assert.InRange(Value(new() { From = -3, To = 5 }, u), -3, 5));

        // A decade holds as many as any other.
        Assert.Equal(1.0 / 3, units.Count(u => Value(new() { From = 1e-4, To = 1e-1, Log = true }, u) < 1e-3) / 1e4, 3);

        // Every whole number as often as any other, the ends included.
        Assert.All(units.GroupBy(u => Value(new() { From = 2, To = 6, Whole = true }, u)), g => Assert.Equal(2000, g.Count()));
        JsonElement[] choices = [.. JsonSerializer.Deserialize<JsonElement[]>("""[1, "a", null]""")!];
        Assert.Equal(["1", "\"a\"", "null"], units.Select(new TuneRange { Choices = choices }.At).Distinct());
    }

    [Fact]
    public void What_is_finished_is_taken_and_a_stopped_search_goes_on_to_the_same_end()
    {
        TuneRecord whole = Execute("whole");
        Assert.Equal(9, whole.Trials.Count);
        Assert.Equal(whole.Trials.Max(t => t.Value), whole.Best.Value);

        using var stop = new CancellationTokenSource();
        int seen = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => Execute("parts", stop: stop.Token, report: _ => { if (++seen == 4) stop.Cancel(); }));
        DateTime[] before = [.. Finished("parts").Select(File.GetLastWriteTimeUtc)];
        Assert.Equal(4, before.Length);
        TuneRecord parts = Execute("parts");
        Assert.Equal(whole.Trials.Select(t => (t.Assignments["train.optimizer.learningRate"], t.Value)), parts.Trials.Select(t => (t.Assignments["train.optimizer.learningRate"], t.Value)));
        Assert.Subset(Finished("parts").Select(File.GetLastWriteTimeUtc).ToHashSet(), before.ToHashSet());
        Assert.Contains("Tuning", File.ReadAllText(_folder.File("parts/report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Halving_trains_fewer_and_fewer_for_longer_and_longer()
    {
        TuneRecord record = Execute("halving", "tune.method=successiveHalving");
        Assert.Equal([(9, "0.1111"), (3, "0.3333"), (1, "1.0000")], record.Trials.GroupBy(t => t.Length.ToString("0.0000", CultureInfo.InvariantCulture)).Select(g => (g.Count(), g.Key)));

        // Those that go on are the best of the round before.
        TuneTrial[] first = [.. record.Trials.Take(9)], second = [.. record.Trials.Skip(9).Take(3)];
        double worst = second.Min(s => first.First(f => f.Assignments.SequenceEqual(s.Assignments)).Value);
        Assert.Equal(6, first.Count(f => f.Value <= worst && !second.Any(s => s.Assignments.SequenceEqual(f.Assignments))));
    }

    [Theory]
    [InlineData("tune.method=random")]
    [InlineData("tune.method=nsga2")]
    public void Ranks_share_the_trials_and_change_nothing(string method)
    {
        TuneRecord alone = Execute("alone", method, "tune.population=4");
        Recipe recipe = Bound(method, "tune.population=4");
        using Run run = Run.CreateAt(_folder.File("ranks"), new RunManifest { Name = "x", Kind = "tune" });
        TuneRecord[] shared = ThreadRanks.Run(2, ranks => new RecipeTuner(recipe, run, torch.CPU, ranks).Execute(default));
        Assert.All(shared, s => Assert.Equal(alone.Trials.Select(t => t.Value), s.Trials.Select(t => t.Value)));
    }

    [Fact]
    public void The_tuned_recipe_is_the_whole_one_with_the_best_values()
    {
        using Run run = Run.CreateAt(_folder.File("tuned"), new RunManifest { Name = "x", Kind = "tune" });
        var tuner = new RecipeTuner(Bound("tune.trials=2"), run, torch.CPU);
        TuneRecord record = tuner.Execute(default);
        Recipe tuned = tuner.Tuned(record.Best);
        Assert.Equal(record.Best.Assignments["train.optimizer.learningRate"], tuned.Train.Optimizer.LearningRate.ToString("R", CultureInfo.InvariantCulture));
        Assert.NotNull(tuned.Section<Espalier.Recipes.Stages.EvaluateOptions>());
        Assert.Null(tuned.Section<TuneOptions>());
    }

    [Theory]
    [InlineData("tune.metric=acuracy", "did you mean 'accuracy'")]
    [InlineData("tune.space={}", "at least one option")]
    [InlineData("tune.trials=0", "at least 1")]
    [InlineData("tune.space={\"train.batchSize\":{\"from\":4}}", "tune.space.train.batchSize.to")]
    [InlineData("tune.space={\"train.batchSize\":{\"from\":-4,\"to\":4,\"log\":true}}", "above 0 with log")]
    [InlineData("tune.space={\"train.batchSize\":{\"choices\":[]}}", "at least one value")]
    public void Bad_searches_are_refused(string setting, string expected) =>
        Assert.Contains(expected, Assert.Throws<OptionsException>(() => Execute("bad", setting)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("tune.space={\"train.batchsize\":{\"from\":4,\"to\":8}}", "'train.batchSize'")]
    [InlineData("tune.space={\"train.batchSize\":{\"form\":4,\"to\":8}}", "'tune.space.train.batchSize.from'")]
    [InlineData("tune.space={\"train.batchSize\":{\"choices\":[\"many\"]}}", "whole number")]
    public void Options_that_do_not_exist_are_refused_before_anything_is_trained(string setting, string expected)
    {
        Assert.Contains(expected, Assert.Throws<RecipeException>(() => Execute("none", setting)).Message, StringComparison.Ordinal);
        Assert.Empty(Finished("none"));
    }

    private static Recipe Bound(params string[] settings)
    {
        RecipeDocument document = RecipeDocument.Parse("tuned", Text, BuiltIn.Catalog);
        foreach (string setting in settings)
            document.Set(setting);
        return document.Bind();
    }

    private TuneRecord Execute(string folder, string? first = null, string? second = null, Action<TuneTrial>? report = null, CancellationToken stop = default)
    {
        Recipe recipe = Bound([.. new[] { first, second }.OfType<string>()]);
        string path = _folder.File(folder);
        using Run run = Directory.Exists(path) ? Run.Open(path) : Run.CreateAt(path, new RunManifest { Name = "x", Kind = "tune", Options = RecipeRun.OptionsOf(recipe) });
        TuneRecord record = new RecipeTuner(recipe, run, torch.CPU, report: report).Execute(stop);
        RunReport.Write(run, recipe);
        return record;
    }

    private string[] Finished(string folder) => Directory.Exists(_folder.File(folder)) ? Directory.GetFiles(_folder.File(folder), "trial.json", SearchOption.AllDirectories) : [];
}
