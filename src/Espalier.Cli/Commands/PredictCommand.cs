using System.ComponentModel;
using System.Globalization;
using Espalier.Data.Images;
using Espalier.Errors;
using Espalier.Onnx.Classification;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier predict</c>: what an ONNX classifier sees in pictures.</summary>
internal sealed class PredictCommand : EspalierCommand<PredictCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<MODEL>")]
        [Description("An ONNX file; model.onnx.json beside it says how it is fed.")]
        public string Model { get; init; } = "";

        [CommandArgument(1, "<PICTURES>")]
        [Description("Pictures, or folders of them.")]
        public string[] Pictures { get; init; } = [];

        [CommandOption("--top <K>")]
        [Description("How many classes to print; 5 where left out.")]
        public int? Top { get; init; }

        [CommandOption("--layout <LAYOUT>")]
        [Description("Order of the model's dimensions: channelsFirst or channelsLast.")]
        public string? Layout { get; init; }

        [CommandOption("--channel-order <ORDER>")]
        [Description("Order of the model's colours: rgb or bgr.")]
        public string? ChannelOrder { get; init; }

        [CommandOption("--scale <FACTOR>")]
        [Description("What pixels, which run from 0 to 1, are multiplied by first.")]
        [TypeConverter(typeof(NumberConverter))]
        public double? Scale { get; init; }

        [CommandOption("--mean <VALUE>")]
        [Description("What is then subtracted; once, or once per channel.")]
        [TypeConverter(typeof(NumberConverter))]
        public double[] Mean { get; init; } = [];

        [CommandOption("--std <VALUE>")]
        [Description("What they are then divided by; once, or once per channel.")]
        [TypeConverter(typeof(NumberConverter))]
        public double[] Std { get; init; } = [];

        [CommandOption("--input-shape <SHAPE>")]
        [Description("Shape of an input, such as 3x224x224, where the file leaves it open.")]
        public string? InputShape { get; init; }

        [CommandOption("--crop <SHARE>")]
        [Description("The share of the scaled picture whose middle the model sees; the picture is stretched where left out.")]
        public double? Crop { get; init; }

        [CommandOption("--output <NAME>")]
        [Description("The output that holds the scores, where there are several.")]
        public string? Output { get; init; }

        [CommandOption("--labels <FILE>")]
        [Description("A text file with the name of a class on each line.")]
        public string? Labels { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        int top = settings.Top ?? 5;
        OptionsException.Require(top >= 1, "top", top, "must be at least 1");
        using OnnxClassifier classifier = OnnxClassifier.Open(settings.Model, OptionsOf(settings), settings.Threads);
        var results = new List<object>();
        Table table = new Table().Border(TableBorder.Simple).AddColumns("picture", "class").AddColumn(new TableColumn("probability").RightAligned());
        foreach (string picture in settings.Pictures.SelectMany(p => Directory.Exists(p) ? FolderFiles.Pictures(p, out _) : [p]))
        {
            using var scope = torch.NewDisposeScope();
            float[] probabilities = classifier.Probabilities(classifier.ReadImage(picture)).flatten().data<float>().ToArray();
            int[] best = [.. Enumerable.Range(0, probabilities.Length).OrderByDescending(i => probabilities[i]).Take(top)];
            for (int i = 0; i < best.Length; i++)
                table.AddRow(Markup.Escape(i == 0 ? picture : ""), Markup.Escape(classifier.Labels[best[i]]), probabilities[best[i]].ToString("P2", CultureInfo.InvariantCulture));
            results.Add(new { Picture = picture, Classes = best.Select(b => new { Label = classifier.Labels[b], Class = b, Probability = probabilities[b] }) });
        }

        session.Terminal.Show(table);
        session.Terminal.Result(results);
        return Done;
    }

    private static OnnxClassifierOptions OptionsOf(Settings settings)
    {
        OnnxClassifierOptions options = OnnxClassifierOptions.ReadFor(settings.Model);
        return options with
        {
            Layout = Choice.Parse<TensorLayout>("layout", settings.Layout) ?? options.Layout,
            ChannelOrder = Choice.Parse<ChannelOrder>("channelOrder", settings.ChannelOrder) ?? options.ChannelOrder,
            Scale = settings.Scale ?? options.Scale,
            Mean = settings.Mean.Length > 0 ? settings.Mean : options.Mean,
            Std = settings.Std.Length > 0 ? settings.Std : options.Std,
            InputShape = settings.InputShape is { } shape ? Dimensions.Parse("inputShape", shape) : options.InputShape,
            CropRatio = settings.Crop ?? options.CropRatio,
            Output = settings.Output ?? options.Output,
            Labels = settings.Labels is { } file ? ReadLabels(file) : options.Labels,
        };
    }

    private static string[] ReadLabels(string file)
    {
        if (!File.Exists(file))
            throw new DataException(file, "does not exist", "give a text file with one label a line");
        return [.. File.ReadLines(file).Select(l => l.Trim()).Where(l => l.Length > 0)];
    }
}
