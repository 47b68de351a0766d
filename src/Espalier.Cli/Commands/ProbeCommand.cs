using System.ComponentModel;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier probe</c>: linear probe and nearest neighbours on the features of a saved run's encoder.</summary>
internal sealed class ProbeCommand : SavedRunCommand<ProbeCommand.Settings>
{
    internal sealed class Settings : SavedRunSettings
    {
        [CommandOption("--neighbors <K>")]
        [Description("How many nearest neighbours vote.")]
        public int? Neighbors { get; init; }

        [CommandOption("--l2 <LAMBDA>")]
        [Description("The penalty on the linear probe's squared weights.")]
        public double? L2 { get; init; }
    }

    protected override string Stage => "probe";

    protected override Recipe Configure(Recipe bare, Recipe original, Settings settings)
    {
        ProbeOptions probe = original.Probe ?? new();
        return bare.With(probe with
        {
            Knn = probe.Knn with { Neighbors = settings.Neighbors ?? probe.Knn.Neighbors },
            Linear = probe.Linear with { L2 = settings.L2 ?? probe.Linear.L2 },
        });
    }
}
