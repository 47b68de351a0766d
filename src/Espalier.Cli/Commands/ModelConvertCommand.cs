using System.ComponentModel;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Checkpoints;
using Espalier.Networks.Vision;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier model convert</c>: published weights under the names of a network here, with what became of each.</summary>
internal sealed class ModelConvertCommand : EspalierCommand<ModelConvertCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<WEIGHTS>")]
        [Description("A safetensors file, or a state dict of torch.save.")]
        public string Weights { get; init; } = "";

        [CommandOption("--arch <NAME>")]
        [Description("The network, such as gmlp_s16_224, resnet18 or bert_base.")]
        public string? Architecture { get; init; }

        [CommandOption("--layout <LAYOUT>")]
        [Description("Whose names the file uses: native (default), huggingFaceBert, lucidrainsGmlpText or facebookResMlp.")]
        public string? Layout { get; init; }

        [CommandOption("--classes <N>")]
        [Description("Another number of classes: the head starts afresh.")]
        public int? Classes { get; init; }

        [CommandOption("--input-shape <SHAPE>")]
        [Description("Shape of an image; 3x224x224 where left out.")]
        public string? InputShape { get; init; }

        [CommandOption("--length <TOKENS>")]
        [Description("For text: the longest input; the file's where left out.")]
        public int? Length { get; init; }

        [CommandOption("--grayscale")]
        [Description("Sum a stem for colours over its channels.")]
        public bool Grayscale { get; init; }

        [CommandOption("--partial")]
        [Description("Take what fits instead of refusing a file that does not fit as a whole.")]
        public bool Partial { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        string architecture = settings.Architecture ?? throw new OptionsException("arch", null, "must name the network, such as gmlp_s16_224");
        string path = settings.Out ?? throw new OptionsException("out", null, "must name the file to write, such as model.safetensors");
        CheckpointLayout layout = Choice.Parse<CheckpointLayout>("layout", settings.Layout) ?? CheckpointLayout.Native;
        IReadOnlyList<long> shape = settings.InputShape is { } text ? Dimensions.Parse("inputShape", text) : [3, 224, 224];
        using torch.nn.Module network = PublishedNetwork.Create(settings.Weights, new ModelOptions { Name = architecture }, layout, shape, settings.Classes, settings.Length, settings.Seed ?? 0);
        LoadReport report = Checkpoint.Load(settings.Weights, network, layout, new() { Strict = !settings.Partial, NumClasses = settings.Classes, GrayscaleStem = settings.Grayscale });
        Checkpoint.Save(network, path, network is VisionNetwork vision ? PretrainedConfig.Of(architecture, vision) : null);
        Table table = new Table().Border(TableBorder.Simple).AddColumns("what", "tensor", "note");
        foreach ((string what, IReadOnlyList<LoadedTensor> tensors) in Groups(report))
        {
            foreach (LoadedTensor tensor in tensors)
                table.AddRow(what, Markup.Escape(tensor.Name), Markup.Escape(tensor.Note));
        }

        session.Terminal.Show(table);
        session.Terminal.Line($"weights   {path}: {report.Loaded.Count} copied, {report.Converted.Count} converted, {report.Reinitialized.Count} fresh, {report.Missing.Count} missing, {report.Unexpected.Count} unexpected, {report.ShapeMismatch.Count} of another shape, {report.Ignored.Count} left out");
        session.Terminal.Result(report);
        return report.IsComplete ? Done : NotDone;
    }

    private static IEnumerable<(string What, IReadOnlyList<LoadedTensor> Tensors)> Groups(LoadReport report) =>
    [
        ("copied", report.Loaded), ("converted", report.Converted), ("fresh", report.Reinitialized), ("missing", report.Missing),
        ("unexpected", report.Unexpected), ("other shape", report.ShapeMismatch), ("left out", report.Ignored),
    ];
}
