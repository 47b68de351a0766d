using System.ComponentModel;
using System.Globalization;
using Espalier.Cli.Output;
using Espalier.Recipes;
using Espalier.Recipes.Comparison;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier compare</c>: several architectures under one recipe.</summary>
internal sealed class CompareCommand : EspalierCommand<CompareCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "[RECIPE]")]
        [Description("A recipe's name or file; digits where left out.")]
        public string Recipe { get; init; } = "digits";

        [CommandOption("--arch <NAMES>")]
        [Description("Families or presets with commas between: gmlp,vit,mixer,resmlp,resnet,mlp.")]
        public string Arch { get; init; } = "gmlp,vit,mixer";

        [CommandOption("--match-params")]
        [Description("Shape each to as many weights as the recipe's model has, within two percent.")]
        public bool MatchParams { get; init; }

        [CommandOption("--set <KEY=VALUE>")]
        [Description("Change one option of the recipe, such as train.length=\"5 epochs\"; may be given several times.")]
        public string[] Set { get; init; } = [];

        [CommandOption("--data <NAME>")]
        [Description("Another data set (data.name).")]
        public string? Data { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        List<string> assignments = [.. settings.Set];
        if (settings.Seed is { } seed)
            assignments.Add(string.Create(CultureInfo.InvariantCulture, $"seed={seed}"));
        if (settings.Data is { } data)
            assignments.Add($"data.name={data}");
        Recipe recipe = RecipeCatalog.Read(settings.Recipe, assignments, EspalierHost.Catalog);
        var comparison = new ArchitectureComparison(recipe, settings.Arch.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), settings.MatchParams);
        var manifest = new RunManifest { Name = $"compare-{recipe.Name}", Kind = "compare", CommandLine = CommandLine.Text, Seed = recipe.Seed, Machine = MachineInfo.Current(), Device = session.Device.ToString() };
        using Run run = settings.Out is { } folder ? Run.CreateAt(folder, manifest) : Run.Create("runs", manifest.Name, manifest);
        IReadOnlyList<ComparedArchitecture> rows = StageDisplay.Show(session.Terminal, progress =>
            comparison.Execute(run, session.Device, name => session.Terminal.Line($"{name}"), progress, session.Stop));
        Table table = new Table().Border(TableBorder.Simple).AddColumn("architecture");
        foreach (string heading in (string[])["weights", "multiply-adds", "accuracy", "log loss", "samples/s", "seconds"])
            table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (ComparedArchitecture row in rows)
        {
            table.AddRow(Markup.Escape(row.Name), Text(row.Parameters, "N0"), Text(row.MultiplyAdds ?? double.NaN, "N0"), Text(row.Accuracy, "P2"), Text(row.LogLoss, "0.000"),
                Text(row.SamplesPerSecond, "N0"), Text(row.Seconds, "0.0"));
        }

        session.Terminal.Show(table);
        session.Terminal.Result(rows);
        session.Terminal.Line($"report    {Path.GetRelativePath(Environment.CurrentDirectory, run.ReportPath)}");
        return run.Manifest.Status == RunStatus.Completed ? Done : NotDone;
    }

    private static string Text(double value, string format) => double.IsNaN(value) ? "" : value.ToString(format, CultureInfo.InvariantCulture);
}
