using System.ComponentModel;
using System.Globalization;
using Espalier.Errors;
using Espalier.Runs.Store;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier runs compare</c>: the numbers of several runs side by side.</summary>
internal sealed class RunsCompareCommand : EspalierCommand<RunsCompareCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<RUNS>")]
        [Description("Folders or names of runs; differences are against the first.")]
        public string[] Runs { get; init; } = [];
    }

    protected override int Execute(Settings settings, Session session)
    {
        OptionsException.Require(settings.Runs.Length >= 2, "runs", settings.Runs.Length, "name at least two runs");
        RunRow[] rows = [.. settings.Runs.Select(Row)];
        IReadOnlyList<ComparedValue> compared = RunIndex.Compare(rows);
        Table table = new Table().Border(TableBorder.Simple).AddColumn("number");
        foreach (RunRow row in rows)
            table.AddColumn(new TableColumn(Markup.Escape(Path.GetFileName(row.Folder))).RightAligned());
        foreach (ComparedValue value in compared)
        {
            table.AddRow([Markup.Escape(value.Name), .. Enumerable.Range(0, rows.Length).Select(i => Markup.Escape(
                Text(value.Values[i]) + (i > 0 && value.Differences[i] is { } d and not 0 ? string.Create(CultureInfo.InvariantCulture, $" ({d:+0.####;-0.####;0})") : "")))]);
        }

        session.Terminal.Show(table);
        session.Terminal.Result(compared);
        return Done;
    }

    private static RunRow Row(string path)
    {
        using Run run = Run.Open(path);
        return new RunRow(run.Folder, run.Manifest.Name, run.Manifest.Kind, run.Manifest.Status, run.Manifest.CreatedUtc,
            run.Summary.Values.Where(v => v.Value is not null).ToDictionary(v => v.Key, v => v.Value!.Value));
    }

    private static string Text(double? value) => value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "";
}
