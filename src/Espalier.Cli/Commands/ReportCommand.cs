using System.ComponentModel;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier report</c>: makes a run's report again from what its folder holds.</summary>
internal sealed class ReportCommand : EspalierCommand<ReportCommand.Settings>
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
        RunReport.Write(run, RecipeRun.RecipeOf(run, EspalierHost.Catalog));
        session.Terminal.Line(run.ReportPath);
        session.Terminal.Result(new { run.ReportPath });
        return Done;
    }
}
