using System.ComponentModel;
using System.Globalization;
using Espalier.Runs.Store;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier runs list</c>: the runs under <c>runs/</c>.</summary>
internal sealed class RunsListCommand : EspalierCommand<RunsListCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "[NAME]")]
        [Description("Only runs of this name.")]
        public string? Name { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        using var index = new RunIndex("runs");
        RunRow[] rows = [.. index.List(settings.Name).OrderByDescending(r => r.CreatedUtc)];
        Table table = new Table().Border(TableBorder.Simple).AddColumns("run", "kind", "status", "started (UTC)", "accuracy", "with EMA");
        foreach (RunRow row in rows)
        {
            table.AddRow(Markup.Escape(Path.GetFileName(row.Folder)), row.Kind, row.Status.ToString().ToLowerInvariant(),
                row.CreatedUtc.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), Share(row, "evaluate.accuracy"), Share(row, "evaluate.ema.accuracy"));
        }

        session.Terminal.Show(table);
        foreach (string problem in index.Problems)
            session.Terminal.Line($"skipped: {problem}");
        session.Terminal.Result(rows);
        return Done;
    }

    private static string Share(RunRow row, string name) =>
        row.Summary.TryGetValue(name, out double value) ? value.ToString("P2", CultureInfo.InvariantCulture) : "";
}
