using Espalier.Recipes;
using Spectre.Console;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier recipes list</c>: what can be run by name.</summary>
internal sealed class RecipesListCommand : EspalierCommand<GlobalSettings>
{
    protected override int Execute(GlobalSettings settings, Session session)
    {
        Recipe[] recipes = [.. RecipeCatalog.Names.Select(n => RecipeCatalog.Read(n))];
        Table table = new Table().Border(TableBorder.Simple).AddColumns("recipe", "what it does", "data", "paper");
        foreach (Recipe recipe in recipes)
            table.AddRow(Markup.Escape(recipe.Name), Markup.Escape(recipe.Title), Markup.Escape(recipe.Data.Name), Markup.Escape(recipe.Paper ?? ""));
        session.Terminal.Show(table);
        session.Terminal.Result(recipes.Select(r => new { r.Name, r.Title, Data = r.Data.Name, r.Paper }));
        return Done;
    }
}
