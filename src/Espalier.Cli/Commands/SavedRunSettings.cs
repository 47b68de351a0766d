using System.ComponentModel;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>What audits a saved run takes.</summary>
internal class SavedRunSettings : GlobalSettings
{
    [CommandArgument(0, "[RUN]")]
    [Description("The folder of a run, or last for the latest one.")]
    public string Run { get; init; } = "last";

    [CommandOption("--raw")]
    [Description("Take the weights as trained instead of the averaged ones.")]
    public bool Raw { get; init; }

    [CommandOption("--weights <FILE>")]
    [Description("Other weights of the same network, such as an average that espalier ema made.")]
    public string? Weights { get; init; }
}
