using System.ComponentModel;
using Espalier.Errors;
using Espalier.Recipes;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>What commands about one model under attack take.</summary>
internal class AttackTargetSettings : ModelFileSettings
{
    [CommandArgument(0, "[MODEL]")]
    [Description("The folder of a run, last for the latest one, an ONNX file or a file of weights.")]
    public string Model { get; init; } = "last";

    [CommandOption("--norm <NORM>")]
    [Description("What measures a change: linf (default), l2 or l1.")]
    public string? Norm { get; init; }

    [CommandOption("--epsilon <RADIUS>")]
    [Description("The largest change, in the inputs' unit.")]
    [TypeConverter(typeof(NumberConverter))]
    public double? Epsilon { get; init; }

    [CommandOption("--samples <N>")]
    [Description("How many test samples.")]
    public int? Samples { get; init; }

    /// <summary>The radius, which has no sensible default.</summary>
    public double RequiredEpsilon => Epsilon ?? throw new OptionsException("epsilon", null, "must be given: the largest change, such as --epsilon 0.03");

    /// <summary>Opens the model.</summary>
    /// <param name="device">Where it shall live.</param>
    public AuditTarget Open(torch.Device device) => Open(Model, device);
}
