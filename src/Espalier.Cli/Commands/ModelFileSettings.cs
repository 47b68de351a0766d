using System.ComponentModel;
using Espalier.Networks.Checkpoints;
using Espalier.Recipes;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>What has to be said of a model that is a file and no run.</summary>
internal class ModelFileSettings : GlobalSettings
{
    [CommandOption("--data <NAME>")]
    [Description("For a model's file: the data set that it was made for.")]
    public string? Data { get; init; }

    [CommandOption("--arch <NAME>")]
    [Description("For a file of weights: the network, such as tiny_cnn.")]
    public string? Architecture { get; init; }

    [CommandOption("--layout <LAYOUT>")]
    [Description("For a file of weights, whose names it uses: native (default), tradesSmallCnn, underscores, ...")]
    public string? Layout { get; init; }

    /// <summary>Opens a model.</summary>
    /// <param name="model">A run, an ONNX file or a file of weights.</param>
    /// <param name="device">Where it shall live.</param>
    protected AuditTarget Open(string model, torch.Device device) => AuditTarget.Open(model, new AuditTargetOptions
    {
        Data = Data,
        Architecture = Architecture,
        Layout = Choice.Parse<CheckpointLayout>("layout", Layout) ?? CheckpointLayout.Native,
    }, device);
}
