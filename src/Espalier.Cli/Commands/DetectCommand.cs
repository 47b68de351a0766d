using System.ComponentModel;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier detect</c>: how well a saved run tells foreign inputs apart.</summary>
internal sealed class DetectCommand : SavedRunCommand<DetectCommand.Settings>
{
    internal sealed class Settings : SavedRunSettings
    {
        [CommandOption("--detector <NAME>")]
        [Description("What scores an input, such as msp, energy or knn:k=50; see espalier detectors list.")]
        public string? Detector { get; init; }

        [CommandOption("--outliers <KIND>")]
        [Description("A generator (gaussian, blobs ...), a data set, a folder of pictures or a table; may be given several times.")]
        public string[] Outliers { get; init; } = [];

        [CommandOption("--count <N>")]
        [Description("How many outliers of each kind.")]
        public int? Count { get; init; }
    }

    protected override string Stage => "detect";

    protected override Recipe Configure(Recipe bare, Recipe original, Settings settings)
    {
        DetectOptions detect = original.Detect ?? new();
        return bare.With(detect with
        {
            Detector = settings.Detector ?? detect.Detector,
            Outliers = settings.Outliers.Length > 0 ? settings.Outliers : detect.Outliers,
            Count = settings.Count ?? detect.Count,
        });
    }
}
