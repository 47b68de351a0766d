using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Espalier.Cli.Output;
using Espalier.Communication;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier run</c>: a recipe from data to report.</summary>
internal sealed class RunCommand : EspalierCommand<RunCommand.Settings>
{
    private const string Kind = "run";

    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "[RECIPE]")]
        [Description("A recipe's name (see espalier recipes) or file; may be left out with --resume.")]
        public string? Recipe { get; init; }

        [CommandOption("--set <KEY=VALUE>")]
        [Description("Change one option, such as train.batchSize=512; may be given several times.")]
        public string[] Set { get; init; } = [];

        [CommandOption("--batch-size <N>")]
        [Description("Samples per optimizer step (train.batchSize); the other values follow from the base batch.")]
        public int? BatchSize { get; init; }

        [CommandOption("--base-batch-size <N>")]
        [Description("The batch size that the recipe's values are tuned for (train.baseBatchSize).")]
        public int? BaseBatchSize { get; init; }

        [CommandOption("--micro-batch-size <N>")]
        [Description("Samples per forward and backward pass (train.microBatchSize): what fits into memory.")]
        public int? MicroBatchSize { get; init; }

        [CommandOption("--data <NAME>")]
        [Description("Another data set (data.name).")]
        public string? Data { get; init; }

        [CommandOption("--distributed <HOW>")]
        [Description("mpi: train together with the other processes that mpiexec started.")]
        public string? Distributed { get; init; }

        [CommandOption("--resume [RUN]")]
        [Description("Continue an interrupted run: its folder, or the latest unfinished one.")]
        public required FlagValue<string> Resume { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        using ICommunicator ranks = Ranks.Join(settings.Distributed, settings.Threads);
        return Ranks.Run(ranks, () => ranks.Rank == 0 ? Lead(settings, session, ranks) : Follow(settings, session, ranks));
    }

    /// <summary>Another rank than 0: learns from it which recipe and run, and trains along.</summary>
    private static int Follow(Settings settings, Session session, ICommunicator ranks)
    {
        Assignment assignment = JsonSerializer.Deserialize<Assignment>(ranks.Gather([])[0])!;
        Recipe own = settings.Resume.IsSet ? RecipeDocument.Parse("the recipe of rank 0", assignment.Recipe, EspalierHost.Catalog).Bind() : ReadRecipe(settings);
        return new RecipeWorker(own, assignment.Checkpoints, session.Device, ranks).Execute(settings.Resume.IsSet, session.Stop) ? Done : NotDone;
    }

    private static int Lead(Settings settings, Session session, ICommunicator ranks)
    {
        using Run run = settings.Resume.IsSet ? Reopen(settings, session) : Begin(settings, session);
        Recipe recipe = RecipeRun.RecipeOf(run, EspalierHost.Catalog);
        if (ranks.Size > 1)
            ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(new Assignment(RecipeRun.OptionsOf(recipe).ToJsonString(), run.CheckpointFolder)));
        if (!settings.Quiet)
            session.Terminal.Line($"run       {Relative(run.Folder)}{(ranks.Size > 1 ? $" on {ranks.Size} ranks" : "")}");
        bool completed = StageDisplay.Show(session.Terminal, progress =>
            new RecipeRun(recipe, run, session.Device, progress, ranks).Execute(settings.Resume.IsSet, session.Stop));
        session.Terminal.Result(run.Summary.Values);
        if (!completed)
        {
            session.Terminal.Line($"interrupted; continue with: espalier run --resume {Relative(run.Folder)}");
            return NotDone;
        }

        Judge(recipe, run, session.Terminal);
        session.Terminal.Line($"report    {Relative(run.ReportPath)}");
        return Done;
    }

    private static Run Begin(Settings settings, Session session)
    {
        Recipe recipe = ReadRecipe(settings);
        var manifest = new RunManifest
        {
            Name = recipe.Name,
            Kind = Kind,
            CommandLine = CommandLine.Text,
            Options = RecipeRun.OptionsOf(recipe),
            Seed = recipe.Seed,
            Machine = MachineInfo.Current(),
            Device = session.Device.ToString(),
        };
        return settings.Out is { } folder ? Run.CreateAt(folder, manifest) : Run.Create("runs", recipe.Name, manifest);
    }

    private static Recipe ReadRecipe(Settings settings)
    {
        string name = settings.Recipe ?? throw new OptionsException("recipe", null, "name one (see espalier recipes), or resume a run with --resume");
        List<string> assignments = [.. settings.Set];
        if (settings.Seed is { } seed)
            assignments.Add($"seed={seed}");
        Add("train.batchSize", settings.BatchSize);
        Add("train.baseBatchSize", settings.BaseBatchSize);
        Add("train.microBatchSize", settings.MicroBatchSize);
        if (settings.Data is { } data)
            assignments.Add($"data.name={data}");

        void Add(string key, int? value)
        {
            if (value is { } number)
                assignments.Add(string.Create(CultureInfo.InvariantCulture, $"{key}={number}"));
        }

        Recipe recipe = RecipeCatalog.Read(name, assignments, EspalierHost.Catalog);
        // A later audit may be started from another folder.
        if (recipe.Data.Path is { Length: > 0 } path)
            recipe = recipe with { Data = recipe.Data with { Path = Path.GetFullPath(path) } };
        if (recipe.Data.Text.Tokenizer.Path is { Length: > 0 } tokenizer)
            recipe = recipe with { Data = recipe.Data with { Text = recipe.Data.Text with { Tokenizer = recipe.Data.Text.Tokenizer with { Path = Path.GetFullPath(tokenizer) } } } };
        if (recipe.Model.Weights is { Length: > 0 } weights)
            recipe = recipe with { Model = recipe.Model with { Weights = Path.GetFullPath(weights) } };
        return recipe;
    }

    /// <summary>What rank 0 tells the others.</summary>
    private sealed record Assignment(string Recipe, string Checkpoints);

    private static Run Reopen(Settings settings, Session session)
    {
        OptionsException.Require(settings.Set.Length == 0 && (settings.Seed, settings.BatchSize, settings.BaseBatchSize, settings.Data) == (null, null, null, null), "resume", settings.Resume.Value,
            "keeps the options of the run: leave out --set, --seed and the batch sizes (--micro-batch-size may change), or start a new run");
        string folder = settings.Resume.Value is { Length: > 0 } given ? given : LatestUnfinished(settings.Recipe);
        Run run = Run.Open(folder);
        OptionsException.Require(run.Manifest.Kind == Kind, "resume", settings.Resume.Value, $"must be a run of a recipe; this is an audit ({run.Manifest.Kind}), which begins anew each time");
        run.Resume();
        if (settings.MicroBatchSize is { } micro)
            run.Update(m => m with { Options = RecipeRun.OptionsOf(WithMicroBatch(RecipeRun.RecipeOf(run, EspalierHost.Catalog), micro)) });
        int threads = MachineInfo.Current().Threads;
        if (run.Manifest.Machine is { } machine && machine.Threads != threads)
            session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"note: the run began with {machine.Threads} threads and goes on with {threads}; its numbers may differ in the last digits"));
        return run;
    }

    private static Recipe WithMicroBatch(Recipe recipe, int size)
    {
        recipe = recipe with { Train = recipe.Train with { MicroBatchSize = size } };
        recipe.Validate();
        return recipe;
    }

    private static string LatestUnfinished(string? recipe)
    {
        using var index = new RunIndex("runs");
        RunRow? row = index.List().Where(r => r.Kind == Kind && r.Status != RunStatus.Completed && (recipe is null || r.Name == recipe))
            .OrderByDescending(r => r.CreatedUtc).FirstOrDefault();
        return row?.Folder ?? throw new NotFoundException("unfinished run of", recipe ?? "any recipe", []);
    }

    /// <summary>Says which of the recipe's expectations were missed, where any was.</summary>
    private static void Judge(Recipe recipe, Run run, Terminal terminal)
    {
        foreach ((string name, double least) in recipe.Expected)
        {
            if (run.Summary[name] is { } value && value < least)
                terminal.Markup(string.Create(CultureInfo.InvariantCulture, $"[yellow]below expectation: {Markup.Escape(name)} is {value:0.####}, expected at least {least:0.####}[/]"));
        }
    }

    private static string Relative(string path) => Path.GetRelativePath(Environment.CurrentDirectory, path) is var relative && relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
}
