using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>The options of <c>espalier doctor</c>.</summary>
internal sealed class DoctorSettings : GlobalSettings
{
    /// <summary>What <c>espalier doctor</c> starts under <c>mpiexec</c> to see whether ranks reach each other.</summary>
    [CommandOption("--mpi-check", IsHidden = true)]
    public bool MpiCheck { get; init; }
}
