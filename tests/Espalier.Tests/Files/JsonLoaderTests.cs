using System.Text.Json.Nodes;
using Espalier.Anomaly.Drift;
using Espalier.Anomaly.Watching;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Tokenizers;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;
using Espalier.Runs.Store;
using Espalier.Tests.Data;

namespace Espalier.Tests.Files;

/// <summary>Files of JSON with a value replaced, dropped, doubled or cut: the loader's own error or an object, no other exception.</summary>
public sealed class JsonLoaderTests : IDisposable
{
    private const int Most = 400;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Loaders => ["recipe", "policy", "tokenizer", "drift", "run.json", "summary", "metrics", "report", "watch position"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Loaders))]
    public void Nothing_but_the_loaders_own_error_comes_of_a_spoilt_file(string loader)
    {
        (string good, Action<string> load) = Loader(loader);
        load(good);
        (int refused, int read) = (0, 0);
        foreach (string spoilt in Spoilt(good).Distinct().Take(Most))
        {
            try
            {
                load(spoilt);
                read++;
            }
            catch (EspalierException)
            {
                refused++;
            }
        }

        Assert.True(refused > 0, $"{read} spoilt files were read, none was refused");
    }

    private (string Good, Action<string> Load) Loader(string name)
    {
        string path = _folder.File("file.json");
        Action<string> From(Action<string> load) => text =>
        {
            File.WriteAllText(path, text);
            load(path);
        };
        switch (name)
        {
            case "recipe":
                return (JsonNode.Parse(Recipes.TinyRecipe.Digits, documentOptions: new() { AllowTrailingCommas = true, CommentHandling = System.Text.Json.JsonCommentHandling.Skip })!.ToJsonString(), text => RecipeDocument.Parse("spoilt", text, BuiltIn.Catalog).Bind());
            case "policy":
                return (AttackPolicy.Parse("mt(t=5) -> cw(t=5)").ToJson(), text => AttackPolicy.FromJson(text));
            case "tokenizer":
                CharacterTokenizer.Train(["hello world"], [SpecialToken.Unknown]).Save(path);
                return (File.ReadAllText(path), From(p => Tokenizer.Load(p)));
            case "drift":
                var values = new double[60, 2];
                for (int i = 0; i < 60; i++)
                    (values[i, 0], values[i, 1]) = (i % 7, i % 11);
                new DriftMonitor(values, ["a", "b"], new() { Permutations = 0 }).Save(path);
                return (File.ReadAllText(path), From(p => DriftMonitor.Load(p)));
            case "run.json":
                {
                    string folder = _folder.File("run");
                    using (Run run = Run.CreateAt(folder, new RunManifest { Name = "r", Kind = "run", Options = new JsonObject { ["a"] = 1 } }))
                        run.Finish(RunStatus.Completed);
                    string manifest = Path.Combine(folder, "run.json");
                    return (File.ReadAllText(manifest), text =>
                    {
                        File.WriteAllText(manifest, text);
                        Run.Open(folder).Dispose();
                    }
                    );
                }

            case "summary":
                return ("""{ "a": 1.5, "b": null, "c.d": 3 }""", From(p => RunSummary.Load(p)));
            case "metrics":
                return ("""{"step":1,"time":0.5,"train.loss":2}""" + "\n" + """{"step":2,"time":0.7,"train.loss":null}""" + "\n", From(p => MetricLog.Read(p)));
            case "report":
                new RobustnessReport { Attack = "pgd", Norm = Norm.LInf, Epsilon = 0.1, Seed = 0, Count = 1, Access = Access.Gradients, Verification = new(1, 1), Outcomes = [new(0, true, -1, 0, 0, 1, 1)] }.Save(path);
                return (File.ReadAllText(path), From(p => RobustnessReport.Load(p)));
            default:
                return (FolderPosition.Parse("").Save(), text => FolderPosition.Parse(text));
        }
    }

    private static IEnumerable<string> Spoilt(string good)
    {
        for (int i = 1; i <= 6; i++)
            yield return good[..(good.Length * i / 7)];
        yield return "";
        yield return "null";
        yield return "[]";
        yield return "{}";
        yield return "\"\\ud800\"";
        string[] lines = good.Trim().Split('\n');
        bool isLines = lines.Length > 1 && lines.All(l => l.StartsWith('{'));
        string first = isLines ? lines[0] : good;
        string rest = isLines ? "\n" + string.Join('\n', lines[1..]) : "";
        string[] replacements = ["null", "\"text\"", "\"\\ud800\"", "-1", "1e308", "12345678901234567890123", "[]", "{}", "[null]", "true"];
        int count = Places(JsonNode.Parse(first)!).Count;
        for (int place = 0; place < count; place++)
        {
            foreach (string replacement in replacements)
            {
                JsonNode root = JsonNode.Parse(first)!;
                (JsonNode parent, string? key, int index) = Places(root)[place];

                // A lone surrogate cannot be parsed into a tree: a mark is put there, and the text replaced.
                const string Mark = "spoilt-here";
                if (key is not null)
                    parent.AsObject()[key] = Mark;
                else
                    parent.AsArray()[index] = Mark;
                yield return root.ToJsonString().Replace($"\"{Mark}\"", replacement, StringComparison.Ordinal) + rest;
            }

            JsonNode without = JsonNode.Parse(first)!;
            (JsonNode owner, string? name, int at) = Places(without)[place];
            if (name is not null)
                owner.AsObject().Remove(name);
            else
                owner.AsArray().RemoveAt(at);
            yield return without.ToJsonString() + rest;
            if (name is not null)
                yield return first.Replace($"\"{name}\"", $"\"{name}\": 1, \"{name}\"", StringComparison.Ordinal) + rest;
        }
    }

    private static List<(JsonNode Parent, string? Key, int Index)> Places(JsonNode root)
    {
        var places = new List<(JsonNode, string?, int)>();
        switch (root)
        {
            case JsonObject section:
                foreach ((string key, JsonNode? value) in section)
                {
                    places.Add((section, key, 0));
                    if (value is not null)
                        places.AddRange(Places(value));
                }

                break;
            case JsonArray list:
                for (int i = 0; i < Math.Min(list.Count, 3); i++)
                {
                    places.Add((list, null, i));
                    if (list[i] is { } element)
                        places.AddRange(Places(element));
                }

                break;
        }

        return places;
    }
}
