using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Espalier.Recipes.Engine;

/// <summary>How recipes and the files of a run are written: camel case, enums as text, comments and trailing commas allowed.</summary>
public static class RecipeJson
{
    /// <summary>The options for parts of recipes that no catalogue changes, such as data and model.</summary>
    public static JsonSerializerOptions Options { get; } = Create(null);

    /// <summary>The options for what a run measured: unlike an option, a measurement may be NaN or infinite.</summary>
    public static JsonSerializerOptions Records { get; } = new(Options) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>The options for recipes of a catalogue.</summary>
    internal static JsonSerializerOptions For(EspalierCatalog catalog) => Create(catalog);

    private static JsonSerializerOptions Create(EspalierCatalog? catalog)
    {
        var resolver = new DefaultJsonTypeInfoResolver { Modifiers = { type => OneHomePerKey(type, catalog) } };
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            ReadCommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
            WriteIndented = true,
            RespectNullableAnnotations = true,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
            TypeInfoResolver = resolver,
        };
        if (catalog is not null)
        {
            options.Converters.Add(new TaskSectionConverter(catalog));
            resolver.Modifiers.Add(type => AddSections(type, catalog));
        }

        options.MakeReadOnly();
        return options;
    }

    /// <summary>The sections that stages and tasks have added to recipes.</summary>
    private static void AddSections(JsonTypeInfo type, EspalierCatalog catalog)
    {
        if (type.Type != typeof(Recipe))
            return;
        foreach ((string key, Type section) in catalog.Sections)
        {
            JsonPropertyInfo property = type.CreateJsonPropertyInfo(section, key);
            property.Get = recipe => ((Recipe)recipe).Section(section);
            property.Set = (recipe, value) => ((Recipe)recipe).Bind(section, value);
            property.IsSetNullable = true;
            property.IsGetNullable = true;
            type.Properties.Add(property);
        }
    }

    /// <summary>A recipe has one seed, from which those of its parts derive, and a catalogue hides what would have no effect: such keys do not exist.</summary>
    private static void OneHomePerKey(JsonTypeInfo type, EspalierCatalog? catalog)
    {
        if (type.Kind != JsonTypeInfoKind.Object || type.Type == typeof(Recipe))
            return;
        string[] elsewhere = catalog?.Hidden.FirstOrDefault(h => type.Type.IsAssignableTo(h.Key)).Value
            ?? (type.Type.Name.EndsWith("Options", StringComparison.Ordinal) ? ["seed", "orderSeed"] : []);
        foreach (JsonPropertyInfo property in type.Properties.Where(p => elsewhere.Contains(p.Name)).ToArray())
            type.Properties.Remove(property);
    }
}
