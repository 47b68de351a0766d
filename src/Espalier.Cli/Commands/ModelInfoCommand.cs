using System.ComponentModel;
using System.Globalization;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Text;
using Espalier.Networks.Vision;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier model info</c>: how large a network is and what it costs.</summary>
internal sealed class ModelInfoCommand : EspalierCommand<ModelInfoCommand.Settings>
{
    private const double BytesPerWeight = 4;

    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<NAME>")]
        [Description("A model's name (see espalier model list).")]
        public string Name { get; init; } = "";

        [CommandOption("--shape <CxHxW>")]
        [Description("Shape of an image; 3x224x224 where left out.")]
        public string Shape { get; init; } = "3x224x224";

        [CommandOption("--classes <N>")]
        [Description("Number of classes; 1000 where left out.")]
        public int Classes { get; init; } = 1000;

        [CommandOption("--vocabulary <N>")]
        [Description("For text: size of the vocabulary; 32000 where left out.")]
        public int Vocabulary { get; init; } = 32_000;

        [CommandOption("--length <N>")]
        [Description("For text: tokens of an input; 512 where left out.")]
        public int Length { get; init; } = 512;

        [CommandOption("--tensors")]
        [Description("List every tensor of the state dict.")]
        public bool Tensors { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        var options = new ModelOptions { Name = settings.Name };
        long[] shape = [.. settings.Shape.Split('x').Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long side) && side > 0
            ? side : throw new OptionsException("shape", settings.Shape, "must be like 3x224x224"))];
        bool isText = ModelZoo.IsText(settings.Name);
        using torch.nn.Module model = isText
            ? ModelZoo.CreateText(options, settings.Vocabulary, settings.Length, new TextTokens(), settings.Seed ?? 0)
            : ModelZoo.Create(options, shape, settings.Classes, settings.Seed ?? 0);
        long parameters = model.parameters().Sum(p => p.numel());
        long? multiplyAdds = model switch
        {
            VisionNetwork vision => vision.MultiplyAdds,
            TextEncoder text => text.MultiplyAdds(settings.Length),
            _ => null,
        };
        Table table = new Table().Border(TableBorder.Simple).HideHeaders().AddColumns("what", "value");
        table.AddRow("model", Markup.Escape(settings.Name));
        table.AddRow("input", isText ? $"up to {settings.Length} tokens of {settings.Vocabulary:N0}" : string.Join(" x ", shape));
        table.AddRow("parameters", parameters.ToString("N0", CultureInfo.InvariantCulture));
        if (multiplyAdds is { } cost)
            table.AddRow("multiply-adds", string.Create(CultureInfo.InvariantCulture, $"{cost / 1e9:0.###} G for one input{(isText ? ", without a head" : "")}"));
        table.AddRow("weights", string.Create(CultureInfo.InvariantCulture, $"{parameters * BytesPerWeight / 1048576:N1} MiB in float32"));
        table.AddRow("training", string.Create(CultureInfo.InvariantCulture, $"{4 * parameters * BytesPerWeight / 1048576:N1} MiB for weights, gradients and AdamW's two moments, without activations"));
        session.Terminal.Show(table);
        if (settings.Tensors)
        {
            Table tensors = new Table().Border(TableBorder.Simple).AddColumns("tensor", "shape");
            foreach ((string name, Tensor tensor) in model.state_dict())
                tensors.AddRow(Markup.Escape(name), Markup.Escape($"[{string.Join(", ", tensor.shape)}]"));
            session.Terminal.Show(tensors);
        }

        session.Terminal.Result(new { settings.Name, Parameters = parameters, MultiplyAdds = multiplyAdds });
        return Done;
    }
}
