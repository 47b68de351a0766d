using Espalier.Recipes.Engine;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier recipes schema</c>: the JSON schema of recipes, for editors.</summary>
internal sealed class RecipesSchemaCommand : EspalierCommand<GlobalSettings>
{
    protected override int Execute(GlobalSettings settings, Session session)
    {
        session.Terminal.Document(RecipeSchema.Create(EspalierHost.Catalog));
        return Done;
    }
}
