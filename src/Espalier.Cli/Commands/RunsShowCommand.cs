using System.ComponentModel;
using System.Globalization;
using Espalier.Runs.Store;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier runs show</c>: every number of one run.</summary>
internal sealed class RunsShowCommand : EspalierCommand<RunsShowCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "[RUN]")]
        [Description("The folder of a run, or last for the latest one.")]
        public string Run { get; init; } = "last";
    }

    protected override int Execute(Settings settings, Session session)
    {
        using Run run = Run.Open(settings.Run);
        RunManifest manifest = run.Manifest;
        session.Terminal.Line(run.Folder);
        session.Terminal.Line($"{manifest.Kind}, {manifest.Status.ToString().ToLowerInvariant()}, started {manifest.CreatedUtc.ToString("u", CultureInfo.InvariantCulture)}, seed {manifest.Seed}");
        if (manifest.Error is { } error)
            session.Terminal.Line($"error: {error}");
        session.Terminal.Line($"command: {manifest.CommandLine}");
        Table table = new Table().Border(TableBorder.Simple).AddColumn("number").AddColumn(new TableColumn("value").RightAligned());
        foreach ((string name, double? value) in run.Summary.Values)
            table.AddRow(Markup.Escape(name), value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "not finite");
        session.Terminal.Show(table);
        session.Terminal.Result(new { run.Folder, Manifest = manifest, Summary = run.Summary.Values });
        return Done;
    }
}
