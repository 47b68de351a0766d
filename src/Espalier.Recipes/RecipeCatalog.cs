using System.Reflection;
using Espalier.Errors;
using Espalier.Recipes.Engine;

namespace Espalier.Recipes;

/// <summary>Recipes by name (those the product ships) or by file.</summary>
public static class RecipeCatalog
{
    private const string Prefix = "Espalier.Recipes.recipes.";

    /// <summary>The names of the recipes that the product ships.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. typeof(RecipeCatalog).Assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(n => n[Prefix.Length..^".json".Length]).Order(StringComparer.Ordinal)];

    /// <summary>Reads a recipe.</summary>
    /// <param name="nameOrFile">A shipped recipe's name, or a path to a file.</param>
    /// <param name="assignments">Overrides, each <c>key=value</c>.</param>
    /// <param name="catalog">What the recipe may name; what this toolkit adds where null.</param>
    /// <exception cref="NotFoundException">There is no such recipe.</exception>
    /// <exception cref="RecipeException">The recipe or an override cannot be read.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public static Recipe Read(string nameOrFile, IEnumerable<string>? assignments = null, EspalierCatalog? catalog = null)
    {
        RecipeDocument document = RecipeDocument.Parse(nameOrFile, Text(nameOrFile), catalog ?? BuiltIn.Catalog);
        foreach (string assignment in assignments ?? [])
            document.Set(assignment);
        return document.Bind();
    }

    /// <summary>The text of a recipe, comments included.</summary>
    /// <exception cref="NotFoundException">There is no such recipe.</exception>
    public static string Text(string nameOrFile)
    {
        if (Names.Contains(nameOrFile))
        {
            using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{Prefix}{nameOrFile}.json")!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }

        return File.Exists(nameOrFile) ? File.ReadAllText(nameOrFile) : throw new NotFoundException("recipe", nameOrFile, Names);
    }
}
