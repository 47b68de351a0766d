using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Espalier.Representation.SelfSupervision;
using Espalier.Robustness.Attacks.Gradient;

namespace Espalier.Recipes;

/// <summary>How recipes and the files of a run are written: camel case, enums as text, comments and trailing commas allowed.</summary>
public static class RecipeJson
{
    /// <summary>The options for reading and writing recipes.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>The options for what a run measured: unlike an option, a measurement may be NaN or infinite.</summary>
    public static JsonSerializerOptions Records { get; } = new(Options) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            ReadCommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
            WriteIndented = true,
            RespectNullableAnnotations = true,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { OneHomePerKey } },
        };
        options.MakeReadOnly();
        return options;
    }

    /// <summary>
    /// A recipe has one seed, from which those of its parts derive, a curve sets the norm and radius of its attack, and the
    /// encoder is the model's: keys that would have no effect do not exist.
    /// </summary>
    private static void OneHomePerKey(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object || type.Type == typeof(Recipe))
            return;
        string[] elsewhere = type.Type switch
        {
            var t when t.IsAssignableTo(typeof(GradientAttackOptions)) => ["seed", "norm", "epsilon"],
            var t when t == typeof(SelfSupervisionOptions) => ["encoder"],
            var t when t.Name.EndsWith("Options", StringComparison.Ordinal) => ["seed", "orderSeed"],
            _ => [],
        };
        foreach (JsonPropertyInfo property in type.Properties.Where(p => elsewhere.Contains(p.Name)).ToArray())
            type.Properties.Remove(property);
    }
}
