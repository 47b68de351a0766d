using System.Text.Json;
using System.Text.Json.Nodes;

namespace Espalier.Search;

/// <summary>What must be the same for a state to be continued, and on every rank.</summary>
/// <param name="Facts">By name, the weightiest first.</param>
internal sealed record SearchIdentity(OrderedDictionary<string, string> Facts)
{
    /// <summary>The identity of one search.</summary>
    public static SearchIdentity Of(string method, SearchOptions options, string problem, IEnumerable<string> initialKeys)
    {
        var facts = new OrderedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["method"] = method[..method.IndexOf('`', StringComparison.Ordinal)],
            ["problem"] = problem,
            ["initial genomes"] = string.Join(" | ", initialKeys),
        };
        foreach ((string name, JsonNode? value) in JsonSerializer.SerializeToNode(options, options.GetType(), SearchStateFile.Json)!.AsObject())
            facts[name] = value?.ToJsonString() ?? "null";
        return new SearchIdentity(facts);
    }

    /// <summary>The first fact in which another identity differs, as a sentence; null where there is none.</summary>
    public string? DifferenceFrom(SearchIdentity other)
    {
        foreach (string name in Facts.Keys.Union(other.Facts.Keys, StringComparer.Ordinal))
        {
            string here = Facts.GetValueOrDefault(name, "absent");
            string there = other.Facts.GetValueOrDefault(name, "absent");
            if (here != there)
                return $"{name} is {Shown(there)} there and {Shown(here)} here";
        }

        return null;
    }

    private static string Shown(string text) => text.Length == 0 ? "none" : text.Length <= 80 ? text : text[..80] + "...";
}
