using Espalier.Recipes.Search;
using Espalier.Recipes.Detection;
using Espalier.Recipes.Comparison;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>The options of <c>espalier doctor</c>.</summary>
internal sealed class DoctorSettings : GlobalSettings
{
    /// <summary>What <c>espalier doctor</c> starts under <c>mpiexec</c> to see whether ranks reach each other.</summary>
    [CommandOption("--mpi-check", IsHidden = true)]
    public bool MpiCheck { get; init; }
}
