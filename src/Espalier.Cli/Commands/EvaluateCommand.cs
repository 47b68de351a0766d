using System.ComponentModel;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier evaluate</c>: accuracy and calibration of a saved run, or of an ONNX file, on a test split.</summary>
internal sealed class EvaluateCommand : SavedRunCommand<EvaluateCommand.Settings>
{
    internal sealed class Settings : SavedRunSettings
    {
        [CommandOption("--data <NAME>")]
        [Description("For an ONNX file: the data set whose test split it is judged on; the one it was exported with where left out.")]
        public string? Data { get; init; }
    }

    protected override string Stage => "evaluate";

    protected override void CheckWords(Settings settings)
    {
        bool isOnnx = settings.Run.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);
        OptionsException.Require(settings.Data is null || isOnnx, "data", settings.Data, "belongs to ONNX files: a run is judged on its own data");
        OptionsException.Require(!isOnnx || (settings.Weights is null && !settings.Raw), "weights", settings.Weights, "belongs to runs: an ONNX file has its weights inside");
    }

    protected override Recipe Configure(Recipe bare, Recipe original, Settings settings) =>
        bare.With(original.Evaluate ?? new());

    protected override int ExecuteForeign(Settings settings, Session session)
    {
        using AuditTarget target = AuditTarget.Open(settings.Run, new() { Data = settings.Data }, session.Device);
        return AuditForeign(settings, session, target, audit => audit.Evaluate(new()));
    }
}
