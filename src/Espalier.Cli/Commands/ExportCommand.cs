using System.ComponentModel;
using System.Globalization;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Checkpoints;
using Espalier.Networks.Text;
using Espalier.Onnx.Classification;
using Espalier.Onnx.Export;
using Espalier.Recipes;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier export</c>: the network of a saved run, or published weights, as an ONNX file that was checked against ONNX Runtime.</summary>
internal sealed class ExportCommand : EspalierCommand<ExportCommand.Settings>
{
    private static readonly string[] WeightsExtensions = [".safetensors", ".pth", ".pt", ".bin"];

    internal sealed class Settings : SavedRunSettings
    {
        [CommandOption("--tolerance <DIFFERENCE>")]
        [Description("The greatest accepted difference between ONNX Runtime's results and the network's; 1e-4 where left out.")]
        public double? Tolerance { get; init; }

        [CommandOption("--arch <NAME>")]
        [Description("For a file of weights instead of a run: the network, such as gmlp_s16_224 or bert_base.")]
        public string? Architecture { get; init; }

        [CommandOption("--layout <LAYOUT>")]
        [Description("For a file of weights: whose names it uses; native where left out.")]
        public string? Layout { get; init; }

        [CommandOption("--input-shape <SHAPE>")]
        [Description("For a file of weights: shape of an image, 3x224x224 where left out.")]
        public string? InputShape { get; init; }

        [CommandOption("--length <TOKENS>")]
        [Description("For weights of a network for text: the most tokens of an input; the longest possible where left out.")]
        public int? Length { get; init; }

        [CommandOption("--strict")]
        [Description("Refuse modules without a conversion instead of inferring what they do from observation.")]
        public bool Strict { get; init; }

        [CommandOption("--fixed-length")]
        [Description("For a network for text: take inputs of that many tokens only, not of any number up to it.")]
        public bool FixedLength { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        bool isWeights = WeightsExtensions.Contains(Path.GetExtension(settings.Run), StringComparer.OrdinalIgnoreCase);
        OptionsException.Require(isWeights || settings.Architecture is null, "arch", settings.Architecture, "belongs to a file of weights: a run knows its network");
        var options = new OnnxExportOptions { Seed = settings.Seed ?? 0, Strict = settings.Strict };
        if (settings.Tolerance is { } tolerance)
            options = options with { Tolerance = tolerance };
        OnnxExportReport report = isWeights ? OfWeights(settings, options) : OfRun(settings, session, options);
        session.Terminal.Line($"model     {report.Path}{(report.DataFile is { } data ? " with its weights in " + data : "")}");
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"content   opset {report.Opset}, {report.Nodes} operators, {report.Initializers.Count} weights and constants, {report.Bytes / 1048576.0:0.0} MiB"));
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"checked   ONNX Runtime's results differ by at most {report.MaxDifference:0.##e+0} on random inputs"));
        foreach (string inferred in report.Inferred)
            session.Terminal.Line($"inferred  {inferred}");
        foreach (string warning in report.Warnings)
            session.Terminal.Line($"warning   {warning}");
        session.Terminal.Result(report);
        return Done;
    }

    private static OnnxExportReport OfRun(Settings settings, Session session, OnnxExportOptions options)
    {
        using SavedRun saved = SavedRun.Open(settings.Run, session.Device);
        return saved.Export(Target(settings, Path.Combine(saved.Folder, "model.onnx")), settings.Raw ? false : null, settings.Weights, options, settings.FixedLength);
    }

    private static OnnxExportReport OfWeights(Settings settings, OnnxExportOptions options)
    {
        string architecture = settings.Architecture ?? throw new OptionsException("arch", null, "must name the network that the weights are of, such as gmlp_s16_224");
        string path = Target(settings, Path.ChangeExtension(settings.Run, ".onnx"));
        CheckpointLayout layout = Choice.Parse<CheckpointLayout>("layout", settings.Layout) ?? CheckpointLayout.Native;
        IReadOnlyList<long> shape = settings.InputShape is { } text ? Dimensions.Parse("inputShape", text) : [3, 224, 224];
        using torch.nn.Module network = PublishedNetwork.Create(settings.Run, new ModelOptions { Name = architecture }, layout, shape, maxLength: settings.Length);
        Checkpoint.Load(settings.Run, network, layout, new() { Averaged = settings.Raw ? false : null });
        OnnxInput input = Encoder(network) is { } encoder
            ? new OnnxInput("ids", [settings.Length ?? encoder.MaxLength], torch.ScalarType.Int64, 0, encoder.Vocabulary - 1) { IsSequence = !settings.FixedLength }
            : new OnnxInput("input", shape, Lower: 0);
        OnnxExportReport report = OnnxExporter.Export(network, path, [input], options with { ModelName = architecture });
        if (Encoder(network) is null)
            new OnnxClassifierOptions { Input = "input", Output = "logits", InputShape = shape, OutputKind = OnnxOutputKind.Logits }.WriteFor(path);
        return report;
    }

    private static TextEncoder? Encoder(torch.nn.Module network) => network switch
    {
        TextEncoder encoder => encoder,
        MaskedLanguageModel model => model.Encoder,
        CausalLanguageModel model => model.Encoder,
        SequenceClassifier model => model.Encoder,
        QuestionAnswering model => model.Encoder,
        _ => null,
    };

    private static string Target(Settings settings, string otherwise)
    {
        string path = settings.Out ?? otherwise;
        OptionsException.Require(Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase), "out", path, "must name a file that ends in .onnx");
        return path;
    }
}
