using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Espalier.Tests.Files;

/// <summary>Ways to spoil a JSON text, drawn at random; what comes out may be no JSON any more.</summary>
internal static partial class JsonMutation
{
    private const string Mark = "@@hole@@";

    private static readonly string[] s_other = ["null", "true", "-1", "0.5", "\"\"", "\"text\"", "[]", "[null]", "{}", "{\"a\":null}", "\"\\ud800\"", "\"a\\udfffb\"", "[[[]]]", "1e999", "-0"];

    private static readonly string[] s_huge = ["2000000000", "2147483646", "9223372036854775807", "99999999999999999999", "1e308", "1e300", "-2147483648", "4294967296"];

    /// <summary>One value becomes null, a value of another kind or half a surrogate pair, or its key is dropped.</summary>
    public static string Replaced(string text, Random random) => Changed(text, random, random.Next(s_other.Length + 1) is var way && way < s_other.Length ? s_other[way] : null);

    /// <summary>One value becomes a number that is far too large.</summary>
    public static string Huge(string text, Random random) => Changed(text, random, s_huge[random.Next(s_huge.Length)]);

    /// <summary>One key is given twice.</summary>
    public static string Doubled(string text, Random random)
    {
        MatchCollection keys = Key().Matches(text);
        if (keys.Count == 0)
            return text;
        Match key = keys[random.Next(keys.Count)];
        return $"{text[..key.Index]}{key.Value}null,{text[key.Index..]}";
    }

    /// <summary>One number within a text or beside a key becomes far too large.</summary>
    public static string Renumbered(string text, Random random)
    {
        MatchCollection numbers = Number().Matches(text);
        if (numbers.Count == 0)
            return text;
        Match number = numbers[random.Next(numbers.Count)];
        return $"{text[..number.Index]}{s_huge[random.Next(s_huge.Length)]}{text[(number.Index + number.Length)..]}";
    }

    /// <summary>The text ends early.</summary>
    public static string Truncated(string text, Random random) => text[..random.Next(text.Length)];

    private static string Changed(string text, Random random, string? value)
    {
        JsonNode root = JsonNode.Parse(text)!;
        JsonNode[] all = [.. Below(root)];
        if (all.Length == 0)
            return value ?? "";
        JsonNode chosen = all[random.Next(all.Length)];
        switch (chosen.Parent)
        {
            case JsonObject parent when value is null: parent.Remove(chosen.GetPropertyName()); break;
            case JsonObject parent: parent[chosen.GetPropertyName()] = Mark; break;
            case JsonArray parent when value is null: parent.RemoveAt(chosen.GetElementIndex()); break;
            case JsonArray parent: parent[chosen.GetElementIndex()] = Mark; break;
            default: break;
        }

        return root.ToJsonString().Replace($"\"{Mark}\"", value, StringComparison.Ordinal);
    }

    private static IEnumerable<JsonNode> Below(JsonNode node)
    {
        IEnumerable<JsonNode?> children = node is JsonObject members ? members.Select(m => m.Value) : node is JsonArray list ? list.Take(20) : [];
        foreach (JsonNode child in children.OfType<JsonNode>())
        {
            yield return child;
            foreach (JsonNode inner in Below(child))
                yield return inner;
        }
    }

    [GeneratedRegex("\"[^\"\\\\]*\":")]
    private static partial Regex Key();

    [GeneratedRegex(@"(?<=[=:,\[ ])-?\d+(\.\d+)?")]
    private static partial Regex Number();
}
