using Espalier.Data;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Corpora;
using Espalier.Language.Tokenizers;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Runs.Store;
using Espalier.Tests.Data;

namespace Espalier.Tests.Recipes;

/// <summary>Outlier exposure by one line in a recipe, for images, rows and text.</summary>
public sealed class ExposedRecipeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Digits_exposed_to_noise_are_told_from_it()
    {
        Recipe plain = Bound(TinyRecipe.Digits) with { Attack = null, Explain = null };
        plain = plain with { Train = plain.Train with { Length = Espalier.Training.Loop.Duration.Epochs(20), Ema = null } };
        Recipe exposed = plain with { Objective = plain.Objective with { OutlierExposure = new() { Dataset = "uniform" } } };

        RunSummary before = Summary(plain, "plain"), after = Summary(exposed, "exposed");

        (double told, double toldBefore) = (after["detect.gaussian.auroc"]!.Value, before["detect.gaussian.auroc"]!.Value);
        Assert.True(told > 0.9 && told > toldBefore + 0.05, $"{toldBefore} to {told}");
        Assert.True(after["evaluate.accuracy"] > 0.5);
    }

    [Fact]
    public void Text_is_exposed_and_tested_with_texts_of_the_catalogue()
    {
        Recipe recipe = Text("sentences", outliers: "sentences");

        // Its own sentences cannot be told from themselves.
        RunSummary summary = Summary(recipe with { Objective = recipe.Objective with { OutlierExposure = null } }, "own");
        Assert.InRange(summary["detect.sentences.auroc"]!.Value, 0.4, 0.6);

        // Exposed to all of them it can be sure of none: equal probabilities.
        RunSummary unsure = Summary(recipe with { Objective = recipe.Objective with { OutlierExposure = recipe.Objective.OutlierExposure! with { Weight = 100 } } }, "unsure");
        Assert.Equal(Math.Log(2), unsure["evaluate.logLoss"]!.Value, 1);
        Assert.True(summary["evaluate.logLoss"] < 0.5);
    }

    [Fact]
    public void What_cannot_be_meant_is_refused_before_anything_runs()
    {
        Assert.Contains("outlierExposure", Refused(TinyRecipe.Digits, "objective.outlierExposure={\"dataset\":\"\"}"), StringComparison.Ordinal);
        Assert.Contains("outlierExposure", Refused(TinyRecipe.Digits, "objective.outlierExposure={\"dataset\":\"uniform\"}", "objective.labelSmoothing=0.1"), StringComparison.Ordinal);
        Assert.Contains("kinds classification", Refused(TinyRecipe.Digits, "objective.outlierExposure={\"dataset\":\"uniform\"}", "objective.kind=adversarial"), StringComparison.Ordinal);
        Assert.Contains("texts of the catalogue", Assert.Throws<OptionsException>(() => (Text("sentences", "sentences") with { Detect = new() }).Validate()).Message, StringComparison.Ordinal);
        Assert.Contains("reads text", Assert.Throws<OptionsException>(() => (Text("sentences", "sentences") with { Detect = new() { Outliers = ["gaussian"] } }).Validate()).Message, StringComparison.Ordinal);
        Recipe unknown = Bound(TinyRecipe.Digits) with { Objective = new() { OutlierExposure = new() { Dataset = "unifrom" } } };
        Assert.Contains("uniform", Assert.Throws<NotFoundException>(() => TinyRun.Execute(unknown, _folder.File("unknown"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sentences_end_at_marks_and_headings_are_none()
    {
        var text = new TextDocuments("wiki", [" = A heading = \n\n The first one is here . And a second ? 1 number begins this . @-@ no one wants this . Short .\n Last line without a mark"]);

        Assert.Equal(["The first one is here .", "And a second ?", "Last line without a mark"], Sentences.Of(text, 3, 10).Documents);
        Assert.Equal(["The first one is here .", "Last line without a mark"], Sentences.Of(text, 5, 10).Documents);
        Assert.Throws<DataException>(() => Sentences.Of(text, 20, 30));
    }

    [Fact]
    public void Padding_stands_where_it_is_asked_for()
    {
        var text = new TextDocuments("two", ["a b", "b a b a b a"]);
        WordTokenizer tokenizer = WordTokenizer.Train(text.Documents, new() { Kind = TokenizerKind.Word }, [SpecialToken.Pad]);
        long pad = tokenizer.Specials.Pad!.Value;
        IReadOnlyList<int> ids = tokenizer.Encode("a b");

        using Dataset after = TextEncoding.Rows(tokenizer, text, [], 4, TextFraming.None);
        using Dataset before = TextEncoding.Rows(tokenizer, text, [], 4, TextFraming.None, PaddingSide.Before);

        Assert.Equal([ids[0], ids[1], pad, pad], after.All().Inputs[0].data<long>().ToArray());
        Assert.Equal([pad, pad, ids[0], ids[1]], before.All().Inputs[0].data<long>().ToArray());
        Assert.Equal(after.All().Inputs[1].data<long>().ToArray(), before.All().Inputs[1].data<long>().ToArray());
    }

    private RunSummary Summary(Recipe recipe, string name) => RunSummary.Load(Path.Combine(TinyRun.Execute(recipe, _folder.File(name)), "summary.json"));

    private static Recipe Bound(string json) => RecipeDocument.Parse("tiny", json, BuiltIn.Catalog).Bind();

    private static string Refused(string json, params string[] settings)
    {
        RecipeDocument document = RecipeDocument.Parse("tiny", json, BuiltIn.Catalog);
        foreach (string setting in settings)
            document.Set(setting);
        return Assert.Throws<OptionsException>(() => document.Bind()).Message;
    }

    private static Recipe Text(string data, string outliers) => new()
    {
        Catalog = BuiltIn.Catalog,
        Name = "text",
        Data = new() { Name = data, Generated = new() { Samples = 600 }, Text = new() { Length = 44, Layout = TextLayout.Documents, Padding = PaddingSide.Before } },
        Model = new() { Name = "gru", Gru = new() { EmbeddingSize = 16, HiddenSize = 32, Layers = 1 }, TextHead = new() { Pooling = Espalier.Networks.Text.SequencePooling.LastToken } },
        Objective = new() { OutlierExposure = new() { Dataset = outliers, MinimumWords = 1, OutliersPerSample = 1 } },
        Train = new() { Length = Espalier.Training.Loop.Duration.Epochs(6), BatchSize = 32, Optimizer = new() { LearningRate = 0.01 } },
        Evaluate = new(),
        Detect = new() { Outliers = [outliers] },
    };
}
