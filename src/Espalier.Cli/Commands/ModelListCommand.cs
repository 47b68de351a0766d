using System.ComponentModel;
using Espalier.Errors;
using Espalier.Networks;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier model list</c>: the networks by name.</summary>
internal sealed class ModelListCommand : EspalierCommand<ModelListCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "[PATTERN]")]
        [Description("With * for anything, such as gmlp*; all where left out.")]
        public string Pattern { get; init; } = "*";
    }

    protected override int Execute(Settings settings, Session session)
    {
        IReadOnlyList<string> names = ModelZoo.List(settings.Pattern);
        if (names.Count == 0)
            throw new NotFoundException("model", settings.Pattern, ModelZoo.Names);
        Table table = new Table().Border(TableBorder.Simple).AddColumns("name", "reads");
        foreach (string name in names)
            table.AddRow(Markup.Escape(name), ModelZoo.IsText(name) ? "text" : name is "mlp" or "encoder" ? "images, tables" : "images");
        session.Terminal.Show(table);
        session.Terminal.Result(names);
        return Done;
    }
}
