using System.ComponentModel;
using Espalier.Networks;
using Espalier.Recipes;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>What commands about one model under attack take.</summary>
internal class AttackTargetSettings : GlobalSettings
{
    [CommandArgument(0, "[MODEL]")]
    [Description("The folder of a run, last for the latest one, an ONNX file or a file of weights.")]
    public string Model { get; init; } = "last";

    [CommandOption("--norm <NORM>")]
    [Description("What measures a change: linf (default), l2 or l1.")]
    public string? Norm { get; init; }

    [CommandOption("--epsilon <RADIUS>")]
    [Description("The largest change, in the inputs' unit.")]
    public double? Epsilon { get; init; }

    [CommandOption("--samples <N>")]
    [Description("How many test samples.")]
    public int? Samples { get; init; }

    [CommandOption("--data <NAME>")]
    [Description("For a model's file: the data set that it is judged on.")]
    public string? Data { get; init; }

    [CommandOption("--arch <NAME>")]
    [Description("For a file of weights: the network, such as tiny_cnn.")]
    public string? Architecture { get; init; }

    [CommandOption("--layout <LAYOUT>")]
    [Description("For a file of weights, whose names it uses: native (default), tradesSmallCnn, ...")]
    public string? Layout { get; init; }

    /// <summary>The radius, which has no sensible default.</summary>
    public double RequiredEpsilon => Epsilon ?? throw new OptionsException("epsilon", null, "must be given: the largest change, such as --epsilon 0.03");

    /// <summary>Opens the model.</summary>
    /// <param name="device">Where it shall live.</param>
    public AuditTarget Open(torch.Device device) => AuditTarget.Open(Model, new AuditTargetOptions
    {
        Data = Data,
        Architecture = Architecture,
        Layout = Choice.Parse<CheckpointLayout>("layout", Layout) ?? CheckpointLayout.Native,
    }, device);
}
