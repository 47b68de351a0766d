using System.ComponentModel;
using Espalier.Networks;
using Espalier.Recipes;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>What commands about detectors on one model take.</summary>
internal class DetectorTargetSettings : GlobalSettings
{
    [CommandArgument(0, "[MODEL]")]
    [Description("The folder of a run, last for the latest one, an ONNX file or a file of weights.")]
    public string Model { get; init; } = "last";

    [CommandOption("--data <NAME>")]
    [Description("For a model's file: the data set that it was made for.")]
    public string? Data { get; init; }

    [CommandOption("--arch <NAME>")]
    [Description("For a file of weights: the network, such as oe_mnist_convnet.")]
    public string? Architecture { get; init; }

    [CommandOption("--layout <LAYOUT>")]
    [Description("For a file of weights, whose names it uses: native (default), underscores, ...")]
    public string? Layout { get; init; }

    [CommandOption("--layer <NAME>")]
    [Description("The layer whose features detectors use; the last linear one where left out.")]
    public string? Layer { get; init; }

    [CommandOption("--fit <N>")]
    [Description("Fit on the first so many training samples; on all where left out.")]
    public int? Fit { get; init; }

    /// <summary>Opens the model.</summary>
    /// <param name="device">Where it shall live.</param>
    public AuditTarget Open(torch.Device device) => AuditTarget.Open(Model, new AuditTargetOptions
    {
        Data = Data,
        Architecture = Architecture,
        Layout = Choice.Parse<CheckpointLayout>("layout", Layout) ?? CheckpointLayout.Native,
    }, device);
}
