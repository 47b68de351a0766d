using System.ComponentModel;
using System.Globalization;
using Espalier.Data;
using Espalier.Onnx;
using Espalier.Recipes;
using Espalier.Recipes.Stages;
using Espalier.Runs;
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
        bare with { Evaluate = original.Evaluate ?? new() };

    protected override int ExecuteForeign(Settings settings, Session session)
    {
        using OnnxClassifier classifier = OnnxClassifier.Open(settings.Run);
        DataOptions? exported = OnnxAudit.DataOf(classifier);
        DataOptions data = settings.Data is { } name
            ? exported?.Name == name ? exported : new DataOptions { Name = name }
            : exported ?? throw new OptionsException("data", null, "must be given with --data: the file does not say which data it was made for");
        var manifest = new RunManifest
        {
            Name = $"{Path.GetFileNameWithoutExtension(settings.Run)}-{Stage}",
            Kind = Stage,
            CommandLine = CommandLine.Text,
            Machine = MachineInfo.Current(),
            SourceRun = Path.GetFullPath(settings.Run),
        };
        using Run run = settings.Out is { } folder ? Runs.Run.CreateAt(folder, manifest) : Runs.Run.Create("runs", manifest.Name, manifest);
        EvaluateRecord record = OnnxAudit.Evaluate(classifier, data, new(), run);
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"evaluate  test accuracy {record.Raw.Accuracy:P2} on {record.Samples:N0} samples of {data.Name}"));
        session.Terminal.Line($"report    {Path.GetRelativePath(Environment.CurrentDirectory, run.ReportPath)}");
        session.Terminal.Result(run.Summary.Values);
        return Done;
    }
}
