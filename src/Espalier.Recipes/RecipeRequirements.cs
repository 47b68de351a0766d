using Espalier.Data.Catalog;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;

namespace Espalier.Recipes;

/// <summary>The data sets of the catalogue that a recipe reads.</summary>
public static class RecipeRequirements
{
    /// <summary>Their names: training data, outliers to be exposed to, outliers to be told apart.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="catalog">The data sets; the default ones where null.</param>
    public static IReadOnlyList<string> DataOf(Recipe recipe, DataCatalog? catalog = null)
    {
        catalog ??= DataCatalog.Default;
        string?[] named = [recipe.Data.Name, recipe.Objective.OutlierExposure?.Dataset, .. recipe.Detect?.Outliers ?? []];
        return [.. named.OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).Where(n => catalog.Entries.Any(e => e.Name.Equals(n, StringComparison.OrdinalIgnoreCase)))];
    }

    /// <summary>Those of them that are not on this machine.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="catalog">The data sets; the default ones where null.</param>
    /// <returns>Name, and what is missing with the remedy.</returns>
    public static IReadOnlyList<(string Name, string Reason)> Missing(Recipe recipe, DataCatalog? catalog = null)
    {
        catalog ??= DataCatalog.Default;
        var missing = new List<(string, string)>();
        foreach (string name in DataOf(recipe, catalog))
        {
            DatasetInfo info = catalog.Find(name);
            if (!catalog.IsAvailable(info, out string reason))
                missing.Add((info.Name, reason));
        }

        return missing;
    }
}
