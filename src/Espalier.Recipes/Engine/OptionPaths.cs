using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;

namespace Espalier.Recipes.Engine;

/// <summary>Every option of a recipe by its path, such as <c>train.optimizer.beta1</c>; what lies in lists has none.</summary>
internal static class OptionPaths
{
    private static readonly ConditionalWeakTable<EspalierCatalog, string[]> s_all = [];

    public static IReadOnlyList<string> Of(EspalierCatalog catalog) =>
        s_all.GetValue(catalog, c => [.. Under(c, typeof(Recipe), "", []), .. c.Tasks.SelectMany(t => Under(c, t.OptionsType, "task.", []))]);

    private static IEnumerable<string> Under(EspalierCatalog catalog, Type type, string prefix, Type[] above)
    {
        foreach (JsonPropertyInfo property in catalog.Json.GetTypeInfo(type).Properties)
        {
            yield return prefix + property.Name;
            Type part = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (part == typeof(TaskSection) || catalog.Json.GetTypeInfo(part).Kind != JsonTypeInfoKind.Object || above.Contains(part))
                continue;
            foreach (string path in Under(catalog, part, $"{prefix}{property.Name}.", [.. above, part]))
                yield return path;
        }
    }
}
