using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Espalier.Communication;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Randomness;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;
using Espalier.Search;
using Espalier.Training.Loop;

namespace Espalier.Recipes.Tuning;

/// <summary>
/// Searches the options of a recipe that its section <c>tune</c> names. Only the validation split is looked at; the stages are left out. Each setting is a run in
/// <c>trials/</c> of the search's folder: a search that is run again in that folder takes what is finished from there and goes on.
/// </summary>
public sealed class RecipeTuner
{
    private readonly Recipe _recipe;
    private readonly TuneOptions _options;
    private readonly Run _run;
    private readonly torch.Device _device;
    private readonly ICommunicator _ranks;
    private readonly Action<TuneTrial>? _report;
    private readonly List<TuneTrial> _trials = [];
    private readonly string _text;
    private readonly string _whole;

    /// <summary>Prepares a search.</summary>
    /// <param name="recipe">The recipe, with a section <c>tune</c>; checked.</param>
    /// <param name="run">Where trials, record and report go.</param>
    /// <param name="device">Where tensors live.</param>
    /// <param name="ranks">The processes that share the trials, each calling with the same arguments on one file system; this one alone where null.</param>
    /// <param name="report">Told of each setting, on the calling thread; nobody where null.</param>
    /// <exception cref="OptionsException">The section is missing, a value is out of range, or a value of the space does not fit its option.</exception>
    /// <exception cref="RecipeException">The space names an option that does not exist.</exception>
    public RecipeTuner(Recipe recipe, Run run, torch.Device device, ICommunicator? ranks = null, Action<TuneTrial>? report = null)
    {
        _options = Check(recipe);
        (_recipe, _run, _device, _ranks, _report) = (recipe.WithoutStages().Without<TuneOptions>(), run, device, ranks ?? SingleProcess.Instance, report);
        _text = RecipeRun.OptionsOf(_recipe).ToJsonString();
        _whole = RecipeRun.OptionsOf(recipe.Without<TuneOptions>()).ToJsonString();
    }

    /// <summary>Refuses a search that could not run, before anything is trained or written.</summary>
    /// <param name="recipe">The recipe, with a section <c>tune</c>.</param>
    /// <returns>The section.</returns>
    /// <exception cref="OptionsException">The section is missing, a value is out of range, or a value of the space does not fit its option.</exception>
    /// <exception cref="RecipeException">The space names an option that does not exist.</exception>
    public static TuneOptions Check(Recipe recipe)
    {
        TuneOptions options = recipe.Section<TuneOptions>() ?? throw new OptionsException("tune", null, "must be given: { \"space\": { \"train.optimizer.learningRate\": { \"from\": 1e-4, \"to\": 1e-1, \"log\": true } } }");
        OptionsException.Within("tune", options.Validate);
        OptionsException.Require(options.Space.Count > 0, "tune.space", 0,
            "must name at least one option, such as \"train.optimizer.learningRate\": { \"from\": 1e-4, \"to\": 1e-1, \"log\": true }");
        string text = RecipeRun.OptionsOf(recipe.WithoutStages().Without<TuneOptions>()).ToJsonString();

        // What cannot be set, or not to both ends.
        foreach (double place in (double[])[0, 1 - 1e-12])
            _ = With(recipe, text, [.. options.Space.Select(s => (s.Key, s.Value.At(place)))], 1);
        return options;
    }

    /// <summary>Searches.</summary>
    /// <param name="cancellationToken">Ends the training under way; what is finished is kept.</param>
    /// <returns>The record; also in the run's folder.</returns>
    /// <exception cref="OptionsException">The validation split has no such metric.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="TrainingDivergedException">Every setting diverged.</exception>
    public TuneRecord Execute(CancellationToken cancellationToken)
    {
        switch (_options.Method)
        {
            case TuneMethod.SuccessiveHalving:
                Halve(cancellationToken);
                break;
            case TuneMethod.Nsga2:
                int generations = Math.Max(0, (_options.Trials - 1) / _options.Population);
                new Nsga2<TuneGenome>(new() { PopulationSize = Math.Min(_options.Population, Math.Max(2, _options.Trials)), Generations = generations, Seed = _recipe.Seed }).Run(Problem(cancellationToken), cancellationToken: cancellationToken);
                break;
            default:
                Judge([.. Draws()], 1, cancellationToken);
                break;
        }

        TuneTrial[] whole = [.. _trials.Where(t => t.Length >= 1 && !double.IsNaN(t.Value))];
        TuneTrial best = (_options.Maximize ? whole.MaxBy(t => t.Value) : whole.MinBy(t => t.Value))
            ?? throw new OptionsException("tune.space", _options.Space.Count, $"holds no setting whose training does not diverge: {_trials.Count} were tried; lower the rates");
        var record = new TuneRecord(_options.Metric, _options.Maximize, _options.Method, _trials, best);
        if (_ranks.Rank == 0)
            new TuneWork().Keep(record, _run);
        return record;
    }

    /// <summary>The recipe with the values of a trial, its stages included, the section <c>tune</c> left out.</summary>
    public Recipe Tuned(TuneTrial trial) => With(_recipe, _whole, [.. trial.Assignments.Select(a => (a.Key, a.Value))], 1);

    private TuneProblem Problem(CancellationToken cancellationToken) => new(_options, _text, genomes => Judge(genomes, 1, cancellationToken));

    private IEnumerable<TuneGenome> Draws()
    {
        TuneProblem problem = Problem(default);
        var random = new SplitMix64(_recipe.Seed, 0x74756e65);
        for (int i = 0; i < _options.Trials; i++)
            yield return problem.Draw(ref random);
    }

    private void Halve(CancellationToken cancellationToken)
    {
        TuneGenome[] left = [.. Draws()];
        int rounds = (int)Math.Floor(Math.Log(left.Length) / Math.Log(_options.Reduction) + 1e-9);
        for (int round = 0; round <= rounds; round++)
        {
            IReadOnlyList<TuneTrial> trials = Judge(left, Math.Pow(_options.Reduction, round - rounds), cancellationToken);
            left = [.. Enumerable.Range(0, left.Length).OrderBy(i => Rank(trials[i])).Take(Math.Max(1, left.Length / _options.Reduction)).Select(i => left[i])];
        }

        double Rank(TuneTrial trial) => double.IsNaN(trial.Value) ? double.PositiveInfinity : _options.Maximize ? -trial.Value : trial.Value;
    }

    private IReadOnlyList<TuneTrial> Judge(IReadOnlyList<TuneGenome> genomes, double length, CancellationToken cancellationToken)
    {
        (string Path, string Value)[][] settings = [.. genomes.Select(g => _options.Space.Select((s, i) => (s.Key, s.Value.At(g.Places[i]))).ToArray())];
        IReadOnlyList<TuneTrial> trials = _ranks.Size == 1
            ? [.. settings.Select(s => Told(Train(s, length, cancellationToken)))]
            : [.. WorkSharing.Map(_ranks, settings.Length, i => Train(settings[i], length, cancellationToken)).Select(Told)];
        _trials.AddRange(trials);
        return trials;
    }

    private TuneTrial Told(TuneTrial trial)
    {
        _report?.Invoke(trial);
        return trial;
    }

    private static Recipe With(Recipe recipe, string text, (string Path, string Value)[] setting, double length)
    {
        RecipeDocument document = RecipeDocument.Parse("tune", text, recipe.Catalog);
        foreach ((string path, string value) in setting)
            document.Set($"{path}={value}");
        if (length < 1)
        {
            Duration whole = recipe.Train.Length;
            document.Set(string.Create(CultureInfo.InvariantCulture, $"train.length={whole.Amount * length:0.######} {whole.Unit.ToString().ToLowerInvariant()}"));
        }

        return document.Bind();
    }

    private TuneTrial Train((string Path, string Value)[] setting, double length, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string text = string.Create(CultureInfo.InvariantCulture, $"{_text} {length:R} {string.Join(" ", setting.Select(s => $"{s.Path}={s.Value}"))}");
        string folder = Path.Combine(_run.Folder, "trials", Convert.ToHexStringLower(XxHash64.Hash(Encoding.UTF8.GetBytes(text))));
        string result = Path.Combine(folder, "trial.json");
        if (File.Exists(result))
            return StrictJson.ReadFile<TuneTrial>(result, RecipeJson.Records);
        Recipe recipe = With(_recipe, _text, setting, length);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        TuneTrial trial;
        using (Run run = Run.CreateAt(folder, new RunManifest { Name = recipe.Name, Kind = "trial", Options = RecipeRun.OptionsOf(recipe), Seed = recipe.Seed, Device = _device.ToString() }))
        {
            double value;
            try
            {
                if (!new RecipeRun(recipe, run, _device).Execute(resume: false, cancellationToken))
                    throw new OperationCanceledException(cancellationToken);
                value = Metric(run);
            }
            catch (TrainingDivergedException)
            {
                value = double.NaN;
            }

            trial = new TuneTrial(setting.ToDictionary(s => s.Path, s => s.Value), length, value, run.Summary["model.parameters"] ?? double.NaN, run.Summary["train.seconds"] ?? double.NaN);
        }

        // The weights of a trial are of no further use.
        foreach (string name in (string[])["checkpoints", "tensorboard"])
        {
            if (Directory.Exists(Path.Combine(folder, name)))
                Directory.Delete(Path.Combine(folder, name), recursive: true);
        }

        File.Delete(Path.Combine(folder, Models.ModelWeights.FileName));
        AtomicFile.Replace(result, System.Text.Json.JsonSerializer.Serialize(trial, RecipeJson.Records));
        return trial;
    }

    private double Metric(Run run)
    {
        string name = $"validation.{_options.Metric}";
        MetricRecord[] evaluated = [.. MetricLog.Read(run.MetricsPath).Where(m => m.Values.Keys.Any(k => k.StartsWith("validation.", StringComparison.Ordinal)))];
        if (evaluated.LastOrDefault(m => m.Values.ContainsKey(name)) is { } last)
            return last.Values[name];
        IEnumerable<string> known = evaluated.SelectMany(m => m.Values.Keys).Where(k => k.StartsWith("validation.", StringComparison.Ordinal)).Select(k => k["validation.".Length..]).Distinct();
        throw new OptionsException("tune.metric", _options.Metric, Suggestion.For(_options.Metric, known));
    }
}
