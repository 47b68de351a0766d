using System.ComponentModel;
using System.Globalization;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.FineTuning;
using Espalier.Language.Tokenizers;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier text finetune</c>: a recipe over several seeds and a small grid chosen on validation data.</summary>
internal sealed class TextFinetuneCommand : EspalierCommand<TextFinetuneCommand.Settings>
{
    private const string Kind = "finetune";

    internal sealed class Settings : GlobalSettings
    {
        [CommandOption("--recipe <RECIPE>")]
        [Description("A recipe's name or file; of kind classification.")]
        public string Recipe { get; init; } = "sst2";

        [CommandOption("--from <RUN>")]
        [Description("The run of a language model whose encoder and tokenizer to start from; random weights where left out.")]
        public string? From { get; init; }

        [CommandOption("--seeds <N>")]
        [Description("How many seeds; the median counts.")]
        public int Seeds { get; init; } = 5;

        [CommandOption("--learning-rate <RATE>")]
        [Description("A learning rate to choose from; may be given several times.")]
        public double[] LearningRate { get; init; } = [];

        [CommandOption("--batch-size <N>")]
        [Description("A batch size to choose from; may be given several times.")]
        public int[] BatchSize { get; init; } = [];

        [CommandOption("--set <KEY=VALUE>")]
        [Description("Change one option of the recipe; may be given several times.")]
        public string[] Set { get; init; } = [];
    }

    protected override int Execute(Settings settings, Session session)
    {
        OptionsException.Require(settings.Seed is null, "seed", settings.Seed, "is not for a fine-tuning, which takes the seeds 1 to --seeds");
        Recipe recipe = RecipeCatalog.Read(settings.Recipe, settings.Set, EspalierHost.Catalog);
        if (settings.From is { } from)
        {
            using Run source = Run.Open(from, eligible: folder => File.Exists(TokenizerFactory.PathIn(folder)));
            recipe = recipe with
            {
                Model = recipe.Model with { Weights = source.Folder },
                Data = recipe.Data with { Text = recipe.Data.Text with { Tokenizer = new TokenizerOptions { Kind = TokenizerKind.File, Path = source.Folder } } },
            };
            recipe.Validate();
        }

        var options = new FineTuningOptions { Seeds = settings.Seeds, LearningRates = settings.LearningRate, BatchSizes = settings.BatchSize };
        options.Validate();
        RecipeFineTuning.Require(recipe);
        var manifest = new RunManifest
        {
            Name = $"{recipe.Name}-{Kind}",
            Kind = Kind,
            CommandLine = CommandLine.Text,
            Options = RecipeRun.OptionsOf(recipe),
            Seed = 1,
            Machine = MachineInfo.Current(),
            Device = session.Device.ToString(),
        };
        using Run run = settings.Out is { } folder ? Espalier.Runs.Store.Run.CreateAt(folder, manifest) : Espalier.Runs.Store.Run.Create("runs", manifest.Name, manifest);
        FineTuningResult result;
        try
        {
            result = new RecipeFineTuning(recipe, run, session.Device).Execute(options, trial => session.Terminal.Line(Describe(trial)), session.Stop);
        }
        catch (OperationCanceledException) when (session.Stop.IsCancellationRequested)
        {
            session.Terminal.Line("interrupted");
            return NotDone;
        }

        session.Terminal.Result(new { result.MedianTest, result.MedianValidation, result.Grid, result.Seeds });
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"median of {result.Seeds.Count} seeds: {result.MedianTest:P2} on the test data, {result.MedianValidation:P2} on the validation data"));
        session.Terminal.Line($"report    {Path.GetRelativePath(Environment.CurrentDirectory, run.ReportPath)}");
        return Done;
    }

    private static string Describe(FineTuningTrial trial) => string.Create(CultureInfo.InvariantCulture,
        $"rate {trial.LearningRate:0.######}, batch {trial.BatchSize}, seed {trial.Seed}: validation {trial.Validation:0.0000}{(trial.Test is { } test ? string.Create(CultureInfo.InvariantCulture, $", test {test:0.0000}") : "")}, {trial.Seconds:0} s");
}
