using System.ComponentModel;
using System.Globalization;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Tuning;
using Espalier.Runs.Store;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier tune</c>: searches the options that a recipe's section <c>tune</c> names.</summary>
internal sealed class TuneCommand : EspalierCommand<TuneCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<RECIPE>")]
        [Description("A recipe's name or file, with a section tune.")]
        public string Recipe { get; init; } = "";

        [CommandOption("--set <KEY=VALUE>")]
        [Description("Change one option of the recipe, such as tune.trials=50; may be given several times.")]
        public string[] Set { get; init; } = [];

        [CommandOption("--resume <FOLDER>")]
        [Description("Go on with the search in this folder: what is finished there is taken as it is.")]
        public string? Resume { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        List<string> assignments = [.. settings.Set];
        if (settings.Seed is { } seed)
            assignments.Add(string.Create(CultureInfo.InvariantCulture, $"seed={seed}"));
        Recipe recipe = RecipeCatalog.Read(settings.Recipe, assignments, EspalierHost.Catalog);
        RecipeTuner.Check(recipe);
        var manifest = new RunManifest
        {
            Name = $"{recipe.Name}-tune",
            Kind = "tune",
            CommandLine = CommandLine.Text,
            Options = RecipeRun.OptionsOf(recipe),
            Seed = recipe.Seed,
            Machine = MachineInfo.Current(),
            Device = session.Device.ToString(),
        };
        using Run run = settings.Resume is { } old ? Run.Open(old) : settings.Out is { } folder ? Run.CreateAt(folder, manifest) : Run.Create("runs", manifest.Name, manifest);
        if (settings.Resume is not null)
            run.Resume();
        session.Terminal.Line($"tune      {Path.GetRelativePath(Environment.CurrentDirectory, run.Folder)}");
        try
        {
            int done = 0;
            var tuner = new RecipeTuner(recipe, run, session.Device, report: t => session.Terminal.Line(string.Create(CultureInfo.InvariantCulture,
                $"{++done,4}      {(double.IsNaN(t.Value) ? "diverged" : t.Value.ToString("0.0000", CultureInfo.InvariantCulture))}  {(t.Length < 1 ? $"{t.Length:P0} of the length, " : "")}{string.Join(", ", t.Assignments.Select(a => $"{a.Key}={Short(a.Value)}"))}")));
            TuneRecord record = tuner.Execute(session.Stop);
            run.Summary.Save();
            string best = Path.Combine(run.Folder, "best.json");
            Files.AtomicFile.Replace(best, RecipeRun.OptionsOf(tuner.Tuned(record.Best)).ToJsonString(new() { WriteIndented = true }));
            RunReport.Write(run, recipe);
            run.Finish(RunStatus.Completed);
            session.Terminal.Result(run.Summary.Values);
            session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"best      {record.Best.Value:0.0000}: {string.Join(", ", record.Best.Assignments.Select(a => $"{a.Key}={Short(a.Value)}"))}"));
            session.Terminal.Line($"recipe    {Path.GetRelativePath(Environment.CurrentDirectory, best)}");
            session.Terminal.Line($"report    {Path.GetRelativePath(Environment.CurrentDirectory, run.ReportPath)}");
            return Done;
        }
        catch (OperationCanceledException) when (session.Stop.IsCancellationRequested)
        {
            run.Finish(RunStatus.Interrupted);
            session.Terminal.Line($"interrupted; go on with: espalier tune {settings.Recipe} --resume {Path.GetRelativePath(Environment.CurrentDirectory, run.Folder)}");
            return NotDone;
        }
        catch (EspalierException error)
        {
            run.Finish(RunStatus.Failed, error.Message);
            throw;
        }
    }

    private static string Short(string json) => double.TryParse(json, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value.ToString("G4", CultureInfo.InvariantCulture) : json;
}
