using System.ComponentModel;
using Espalier.Recipes;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>What commands about detectors on one model take.</summary>
internal class DetectorTargetSettings : ModelFileSettings
{
    [CommandArgument(0, "[MODEL]")]
    [Description("The folder of a run, last for the latest one, an ONNX file or a file of weights.")]
    public string Model { get; init; } = "last";

    [CommandOption("--layer <NAME>")]
    [Description("The layer whose features detectors use; the last linear one where left out.")]
    public string? Layer { get; init; }

    [CommandOption("--fit <N>")]
    [Description("Fit on the first so many training samples; on all where left out.")]
    public int? Fit { get; init; }

    /// <summary>Opens the model.</summary>
    /// <param name="device">Where it shall live.</param>
    public AuditTarget Open(torch.Device device) => Open(Model, device);
}
