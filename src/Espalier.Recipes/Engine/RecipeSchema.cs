using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Espalier.Recipes.Engine;

/// <summary>
/// The JSON schema of recipes, for editors: made from the option records, with their doc comments as descriptions.
/// </summary>
public static partial class RecipeSchema
{
    /// <summary>The schema as indented JSON.</summary>
    /// <param name="catalog">What recipes may name.</param>
    public static string Create(EspalierCatalog catalog)
    {
        var comments = new Dictionary<string, string>();
        var exporter = new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, schema) => Describe(context, schema, comments, catalog),
        };
        JsonObject root = catalog.Json.GetJsonSchemaAsNode(typeof(Recipe), exporter).AsObject();
        root["properties"]!["$schema"] = new JsonObject { ["type"] = "string" };
        root.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        root.Insert(1, "title", "Espalier recipe");
        return root.ToJsonString(RecipeJson.Options) + "\n";
    }

    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode schema, Dictionary<string, string> comments, EspalierCatalog catalog)
    {
        if (context.TypeInfo.Type == typeof(TaskSection))
            return Tasks(catalog);
        // A duration has a converter of its own, of which the exporter knows nothing: it allows anything.
        Type type = context.TypeInfo.Type;
        JsonObject? node = (Nullable.GetUnderlyingType(type) ?? type) == typeof(Espalier.Training.Loop.Duration)
            ? Duration(isNullable: Nullable.GetUnderlyingType(type) is not null)
            : schema as JsonObject;
        if (node is null)
            return schema;
        if (context.TypeInfo.Kind == System.Text.Json.Serialization.Metadata.JsonTypeInfoKind.Object)
            node["additionalProperties"] = false;
        string? comment = context.PropertyInfo switch
        {
            { AttributeProvider: MemberInfo member } => Comment(member.DeclaringType!.Assembly, $"P:{member.DeclaringType.FullName}.{member.Name}", comments),

            // A section that a stage has added is described by its options.
            { PropertyType: { } section } => Comment(section.Assembly, $"T:{section.FullName}", comments),
            _ => null,
        };
        if (comment is not null)
            node.Insert(0, "description", comment);
        return node;
    }

    /// <summary>One of the tasks, by its kind.</summary>
    private static JsonObject Tasks(EspalierCatalog catalog)
    {
        var comments = new Dictionary<string, string>();
        var exporter = new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, schema) => Describe(context, schema, comments, catalog),
        };
        var kinds = new JsonArray(new JsonObject { ["type"] = "null" });
        foreach (IRecipeTask task in catalog.Tasks)
        {
            JsonObject options = catalog.Json.GetJsonSchemaAsNode(task.OptionsType, exporter).AsObject();
            options["type"] = "object";
            if (options["properties"] is not JsonObject)
                options["properties"] = new JsonObject();
            options["properties"]!.AsObject().Insert(0, "kind", new JsonObject { ["const"] = task.Kind });
            options["required"] = new JsonArray("kind");
            Rebase(options, $"#/properties/task/anyOf/{kinds.Count}");
            kinds.Add((JsonNode)options);
        }

        return new JsonObject { ["description"] = "What is trained; where it is left out, the objective that the section objective says.", ["anyOf"] = kinds };
    }

    /// <summary>References within a schema that has become a part of another one.</summary>
    private static void Rebase(JsonNode? node, string place)
    {
        if (node is JsonArray array)
        {
            foreach (JsonNode? item in array)
                Rebase(item, place);
        }

        if (node is not JsonObject members)
            return;
        if (members["$ref"] is JsonValue reference && reference.TryGetValue(out string? target))
            members["$ref"] = place + target[1..];
        foreach ((string _, JsonNode? member) in members)
            Rebase(member, place);
    }

    private static JsonObject Duration(bool isNullable) => new()
    {
        ["type"] = isNullable ? new JsonArray("string", "null") : JsonValue.Create("string"),
        ["pattern"] = @"^\s*\d+(\.\d+)?\s+(samples?|steps?|epochs?)\s*$",
    };

    private static string? Comment(Assembly assembly, string name, Dictionary<string, string> comments)
    {
        string file = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
        if (comments.TryAdd(file, "") && File.Exists(file))
        {
            foreach (XElement element in XDocument.Load(file).Descendants("member"))
            {
                if (element.Element("summary") is { } summary)
                    comments[element.Attribute("name")!.Value] = Plain(summary);
            }
        }

        return comments.GetValueOrDefault(name);
    }

    private static string Plain(XElement summary)
    {
        IEnumerable<string> parts = summary.Nodes().Select(n => n switch
        {
            XElement { Name.LocalName: "see" } see => Name(see.Attribute("cref")?.Value ?? ""),
            XElement element => element.Value,
            _ => n.ToString(),
        });
        return Space().Replace(System.Net.WebUtility.HtmlDecode(string.Concat(parts)), " ").Trim();
    }

    /// <summary>A property as a recipe writes it, anything else by its last word.</summary>
    private static string Name(string reference)
    {
        string word = reference.Split('.')[^1];
        return reference.StartsWith("P:", StringComparison.Ordinal) ? JsonNamingPolicy.CamelCase.ConvertName(word) : word;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
