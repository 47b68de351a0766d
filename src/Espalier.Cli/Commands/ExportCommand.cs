using System.ComponentModel;
using System.Globalization;
using Espalier.Onnx;
using Espalier.Recipes;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier export</c>: a saved run's network as an ONNX file, checked against ONNX Runtime.</summary>
internal sealed class ExportCommand : EspalierCommand<ExportCommand.Settings>
{
    internal sealed class Settings : SavedRunSettings
    {
        [CommandOption("--tolerance <DIFFERENCE>")]
        [Description("The greatest accepted difference between ONNX Runtime's results and the network's; 1e-4 where left out.")]
        public double? Tolerance { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        using SavedRun saved = SavedRun.Open(settings.Run, session.Device);
        string path = settings.Out ?? Path.Combine(saved.Folder, "model.onnx");
        OptionsException.Require(Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase), "out", path, "must name a file that ends in .onnx");
        var options = new OnnxExportOptions { Seed = settings.Seed ?? 0 };
        OnnxExportReport report = saved.Export(path, settings.Raw ? false : null, settings.Weights, settings.Tolerance is { } tolerance ? options with { Tolerance = tolerance } : options);
        session.Terminal.Line($"model     {report.Path}{(report.ExternalData ? " with its weights in " + Path.GetFileName(report.Path) + ".data" : "")}");
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"content   opset {report.Opset}, {report.Nodes} operators, {report.Initializers.Count} weights and constants, {report.Bytes / 1048576.0:0.0} MiB"));
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"checked   ONNX Runtime's results differ by at most {report.MaxDifference:0.##e+0} on random inputs"));
        session.Terminal.Line($"sidecar   {OnnxClassifierOptions.PathFor(report.Path)}: what goes in and what comes out");
        session.Terminal.Result(report);
        return Done;
    }
}
