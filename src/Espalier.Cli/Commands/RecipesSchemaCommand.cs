using Espalier.Recipes.Search;
using Espalier.Recipes.Detection;
using Espalier.Recipes.Comparison;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;

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
