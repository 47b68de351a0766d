using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Espalier.Tests.Recipes;

/// <summary>As much of JSON Schema as an editor needs to underline a mistake in a recipe.</summary>
internal sealed class SchemaCheck(JsonObject root)
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>What is wrong with a document, by path; nothing where it is valid.</summary>
    public IReadOnlyList<string> Problems(string text) => [.. Check(JsonNode.Parse(text, documentOptions: Lenient), root, "")];

    private IEnumerable<string> Check(JsonNode? value, JsonObject schema, string path)
    {
        if ((string?)schema["$ref"] is { } reference)
            schema = Resolve(reference);
        string[] types = schema["type"] switch
        {
            JsonArray several => [.. several.Select(t => (string)t!)],
            JsonValue one => [(string)one!],
            _ => [],
        };
        if (types.Length > 0 && !types.Any(t => Is(value, t)))
            return [$"{path}: is no {string.Join(" or ", types)}"];
        if (schema["enum"] is JsonArray allowed && !allowed.Any(a => JsonNode.DeepEquals(a, value)))
            return [$"{path}: is not one of the allowed values"];
        if ((string?)schema["pattern"] is { } pattern && value is not null && !Regex.IsMatch((string)value!, pattern))
            return [$"{path}: does not match"];
        return value switch
        {
            JsonArray items when schema["items"] is JsonObject each => items.SelectMany((v, i) => Check(v, each, $"{path}[{i}]")),
            JsonObject members => members.SelectMany(m => Member(m.Key, m.Value, schema, path)),
            _ => [],
        };
    }

    private IEnumerable<string> Member(string key, JsonNode? value, JsonObject schema, string path)
    {
        string where = $"{path}/{key}";
        if (schema["properties"]?[key] is JsonObject known)
            return Check(value, known, where);
        return schema["additionalProperties"] switch
        {
            JsonObject any => Check(value, any, where),
            JsonValue no when !no.GetValue<bool>() => [$"{where}: is unknown"],
            _ => [],
        };
    }

    private JsonObject Resolve(string reference)
    {
        JsonNode at = root;
        foreach (string part in reference.TrimStart('#', '/').Split('/', StringSplitOptions.RemoveEmptyEntries))
            at = at[part]!;
        return at.AsObject();
    }

    private static bool Is(JsonNode? value, string type) => (type, value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        ("null", JsonValueKind.Null) or ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("number", JsonValueKind.Number) => true,
        ("integer", JsonValueKind.Number) => value!.GetValue<JsonElement>().TryGetInt64(out _),
        _ => false,
    };
}
