using System.Text;
using System.Text.Json.Nodes;
using Espalier.Errors;

namespace Espalier.Communication;

/// <summary>
/// What must be the same on all ranks: options, checksums of data and checkpoints, shapes of models. Ranks that differ
/// would train on without an error and learn nonsense.
/// </summary>
public static class RankAgreement
{
    private const int LongestValueShown = 60;

    /// <summary>Throws on every rank, with the same words, unless all give the same fingerprint. Every rank must call it.</summary>
    /// <param name="communicator">The ranks.</param>
    /// <param name="what">What the fingerprint is of, such as <c>the options</c>; the error begins with it.</param>
    /// <param name="fingerprint">
    /// The thing itself or a checksum of it. Where both are JSON objects or arrays, the error names the first path that
    /// differs, and the order of an object's keys does not matter.
    /// </param>
    /// <exception cref="DistributedException">The ranks differ.</exception>
    public static void Require(ICommunicator communicator, string what, string fingerprint)
    {
        string[] all = [.. communicator.Gather(Encoding.UTF8.GetBytes(fingerprint)).Select(b => Encoding.UTF8.GetString(b))];
        Difference?[] differences = [.. all.Select(f => Compare(all[0], f))];
        int first = Array.FindIndex(differences, d => d is not null);
        if (first < 0)
            return;
        Difference shown = differences[first]!;
        int[] alike = [.. Enumerable.Range(first, all.Length - first).Where(r => differences[r] == shown)];
        int[] others = [.. Enumerable.Range(first, all.Length - first).Where(r => differences[r] is { } d && d != shown)];
        string subject = shown.Path.Length == 0 ? what : $"{what}: {shown.Path}";
        string rest = others.Length == 0 ? "" : $" ({Ranks(others)} {(others.Length == 1 ? "differs" : "differ")} too)";
        throw new DistributedException(subject, $"{shown.Reference} on rank 0, {shown.Other} on {Ranks(alike)}{rest}",
            "start every rank with the same command, files and version");
    }

    private static string Ranks(int[] ranks) => $"rank{(ranks.Length == 1 ? "" : "s")} {string.Join(", ", ranks)}";

    private static Difference? Compare(string reference, string other)
    {
        if (reference == other)
            return null;
        if (Parse(reference) is { } a && Parse(other) is { } b)
            return Compare(a, b, "");
        return new Difference("", Shown(reference), Shown(other));
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonNode node and (JsonObject or JsonArray) ? node : null;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static Difference? Compare(JsonNode? a, JsonNode? b, string path)
    {
        if (a is JsonObject objectA && b is JsonObject objectB)
        {
            foreach (string key in objectA.Select(p => p.Key).Union(objectB.Select(p => p.Key)))
            {
                string inner = path.Length == 0 ? key : $"{path}.{key}";
                if (!objectA.TryGetPropertyValue(key, out JsonNode? ofA))
                    return new Difference(inner, "absent", Shown(objectB[key]));
                if (!objectB.TryGetPropertyValue(key, out JsonNode? ofB))
                    return new Difference(inner, Shown(ofA), "absent");
                if (Compare(ofA, ofB, inner) is { } difference)
                    return difference;
            }

            return null;
        }

        if (a is JsonArray arrayA && b is JsonArray arrayB && arrayA.Count == arrayB.Count)
            return arrayA.Select((item, i) => Compare(item, arrayB[i], $"{path}[{i}]")).FirstOrDefault(d => d is not null);
        return JsonNode.DeepEquals(a, b) ? null : new Difference(path, Shown(a), Shown(b));
    }

    private static string Shown(JsonNode? node) => Shown(node?.ToJsonString() ?? "null");

    private static string Shown(string text) => text.Length == 0 ? "nothing" : text.Length <= LongestValueShown ? text : text[..LongestValueShown] + "...";

    private sealed record Difference(string Path, string Reference, string Other);
}
