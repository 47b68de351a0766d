using System.ComponentModel;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>Names one data set.</summary>
internal sealed class DataSettings : GlobalSettings
{
    [CommandArgument(0, "<DATA>")]
    [Description("A data set's name (see espalier data list).")]
    public string Name { get; init; } = "";
}
