using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Spectre.Console;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier recipes list</c>: what can be run by name, and which data it lacks here.</summary>
internal sealed class RecipesListCommand : EspalierCommand<GlobalSettings>
{
    protected override int Execute(GlobalSettings settings, Session session)
    {
        (Recipe Recipe, IReadOnlyList<(string Name, string Reason)> Missing)[] recipes =
            [.. RecipeCatalog.Names.Select(n => RecipeCatalog.Read(n)).Select(r => (r, RecipeRequirements.Missing(r)))];
        Table table = new Table().Border(TableBorder.Simple).AddColumns("recipe", "what it does", "data", "not on this machine");
        foreach ((Recipe recipe, IReadOnlyList<(string Name, string Reason)> missing) in recipes)
        {
            table.AddRow(Markup.Escape(recipe.Name), Markup.Escape(recipe.Title), Markup.Escape(recipe.Data.Name), Markup.Escape(string.Join(", ", missing.Select(m => m.Name))));
        }

        session.Terminal.Show(table);
        if (recipes.Any(r => r.Missing.Count > 0))
            session.Terminal.Line("data that are not on this machine: set ESPALIER_DATA to a folder that holds them, or see espalier data list");
        session.Terminal.Result(recipes.Select(r => new { r.Recipe.Name, r.Recipe.Title, Data = r.Recipe.Data.Name, Missing = r.Missing.Select(m => m.Name), r.Recipe.Paper }));
        return Done;
    }
}
