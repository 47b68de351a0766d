using System.ComponentModel;
using Espalier.Recipes;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier recipes show</c>: the text of a recipe, to start one's own from.</summary>
internal sealed class RecipesShowCommand : EspalierCommand<RecipesShowCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<RECIPE>")]
        [Description("A recipe's name or file.")]
        public string Recipe { get; init; } = "";
    }

    protected override int Execute(Settings settings, Session session)
    {
        if (settings.Json)
            session.Terminal.Result(RecipeCatalog.Read(settings.Recipe, catalog: EspalierHost.Catalog));
        else
            session.Terminal.Document(RecipeCatalog.Text(settings.Recipe));
        return Done;
    }
}
