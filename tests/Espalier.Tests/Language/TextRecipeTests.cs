using Espalier.Data.Catalog;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.FineTuning;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Runs.Store;
using Espalier.Tests.Data;

namespace Espalier.Tests.Language;

public sealed class TextRecipeTests
{
    private static Run Execute(TemporaryFolder folder, string name, Recipe recipe)
    {
        Run run = Run.CreateAt(folder.File(name), new RunManifest { Name = recipe.Name, Kind = "run", Options = RecipeRun.OptionsOf(recipe), Seed = recipe.Seed });
        Assert.True(new RecipeRun(recipe, run, torch.CPU).Execute(false, TestContext.Current.CancellationToken));
        return run;
    }

    [Fact]
    public void A_causal_model_of_the_grammar_comes_near_the_best_possible_and_writes_its_sentences()
    {
        using var folder = new TemporaryFolder();
        using Run run = Execute(folder, "run", RecipeCatalog.Read("sentences"));
        double loss = run.Summary["evaluate.loss"]!.Value;
        // No model beats the entropy of the source; the first characters of each window lack context.
        Assert.InRange(loss, SentenceGrammar.NatsPerCharacter, 1.35 * SentenceGrammar.NatsPerCharacter);
        Assert.Equal(Math.Exp(loss), run.Summary["evaluate.perplexity"]!.Value, 1e-9);
        LoadedText texts = DataCatalog.Default.LoadText(RecipeCatalog.Read("sentences").Data);
        Assert.Equal(texts.Train.Documents.Count + texts.Validation.Documents.Count + texts.Test.Documents.Count, run.Summary["data.samples"]);
        Assert.Equal(0, run.Summary["data.leftOut"]);
        Assert.Contains("Perplexity while learning", File.ReadAllText(run.ReportPath), StringComparison.Ordinal);
        using SavedLanguageModel saved = SavedLanguageModel.Open(run.Folder, torch.CPU);
        string text = saved.Generator.Generate("the ", new() { Length = 400, Temperature = 0.5 })[0].Text;
        string[] words = text.Split([' ', '.', '\n'], StringSplitOptions.RemoveEmptyEntries)[..^1];
        HashSet<string> known = [.. SentenceGrammar.Generate(2000, 1).Documents.SelectMany(d => d.TrimEnd('.').Split(' '))];
        Assert.True(words.Count(known.Contains) > 0.8 * words.Length, text);
    }

    [Fact]
    public void A_masked_model_is_saved_evaluated_again_and_fine_tuned()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["data.generated.samples=600", "data.text.layout=documents", "data.text.length=44", "model.gmlpText.causal=false", "model.gmlpText.layers=1", "train.length=40 steps", "train.evaluateEvery=40 steps"];
        using Run run = Execute(folder, "mlm", RecipeCatalog.Read("sentences", [.. small, "objective.kind=maskedLanguageModel"]));
        using (SavedRun saved = SavedRun.Open(run.Folder, torch.CPU))
        {
            using Run audit = Run.CreateAt(folder.File("audit"), new RunManifest { Name = "audit", Kind = "evaluate" });
            Assert.True(saved.Audit(saved.Recipe, audit, null, null, cancellationToken: TestContext.Current.CancellationToken));
            Assert.Equal(run.Summary["evaluate.perplexity"], audit.Summary["evaluate.perplexity"]);
        }

        string[] classify = [.. small, "objective.kind=classification", "model.textHead.pooling=maskedMean"];
        Recipe scratch = RecipeCatalog.Read("sentences", classify);
        Assert.Equal("model.weights", Assert.Throws<OptionsException>(() => Execute(folder, "other", scratch with { Model = scratch.Model with { Weights = run.Folder } })).Option);
        Recipe tuned = scratch with
        {
            Model = scratch.Model with { Weights = run.Folder },
            Data = scratch.Data with { Text = scratch.Data.Text with { Tokenizer = new() { Kind = TokenizerKind.File, Path = run.Folder } } },
        };
        using Run tuning = Run.CreateAt(folder.File("tuning"), new RunManifest { Name = "tuning", Kind = "finetune" });
        FineTuningResult result = new RecipeFineTuning(tuned, tuning, torch.CPU).Execute(new() { Seeds = 2, LearningRates = [1e-3, 4e-3] }, null, TestContext.Current.CancellationToken);
        Assert.Equal((2, 2), (result.Grid.Count, result.Seeds.Count));
        Assert.All(result.Grid, t => Assert.Null(t.Test));
        Assert.Equal(result.Grid.MaxBy(t => t.Validation)!.LearningRate, result.Seeds[0].LearningRate);
        Assert.Equal(result.Seeds.Average(s => s.Test!.Value), result.MedianTest, 12);
        Assert.Equal(result.MedianTest, tuning.Summary["finetune.median"]);
    }

    [Fact]
    public void A_pre_trained_encoder_is_the_one_that_was_saved()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["data.generated.samples=300", "model.gmlpText.layers=1", "train.length=3 steps", "train.evaluateEvery=3 steps"];
        using Run run = Execute(folder, "clm", RecipeCatalog.Read("sentences", small));
        Recipe recipe = RecipeCatalog.Read("sentences", small);
        using RecipeData data = RecipeData.Load(recipe, run.Folder);
        using var model = TextRecipe.CreateModel(recipe with { Model = recipe.Model with { Weights = run.Folder } }, data.Language!, 0);
        Espalier.Models.SafetensorsFile file = Espalier.Models.SafetensorsFile.Open(run.WeightsPath);
        using Tensor saved = file.Load("encoder.embed.weight");
        Assert.Equal(saved.data<float>().ToArray(), model.state_dict()["encoder.embed.weight"].data<float>().ToArray());
    }

    [Theory]
    [InlineData("attack={\"curves\":[{\"norm\":\"lInf\",\"epsilons\":[0.1]}]}", "attack")]
    [InlineData("detect={}", "detect.outliers")]
    [InlineData("explain={}", "explain")]
    [InlineData("probe={}", "probe")]
    [InlineData("model.name=gmlp", "model.name")]
    [InlineData("objective.kind=byol", "objective.kind")]
    [InlineData("objective.wordDropout=0.1", "objective.wordDropout")]
    [InlineData("data.text.length=1", "data.text.length")]
    [InlineData("data.text.tokenizer.kind=file", "data.text.tokenizer.path")]
    [InlineData("data.name=digits", "objective.kind")]
    public void What_makes_no_sense_on_text_is_refused_before_training(string assignment, string option)
        => Assert.Equal(option, Assert.Throws<OptionsException>(() => RecipeCatalog.Read("sentences", [assignment]).Validate()).Option);

    [Fact]
    public void A_masked_model_that_looks_one_way_is_refused()
    {
        using var folder = new TemporaryFolder();
        Recipe recipe = RecipeCatalog.Read("sentences", ["objective.kind=maskedLanguageModel"]);
        Assert.Equal("model.causal", Assert.Throws<OptionsException>(() => Execute(folder, "run", recipe)).Option);
        Assert.Contains("causalLanguageModel", Assert.Throws<OptionsException>(() => Open(folder)).Message, StringComparison.Ordinal);

        static SavedLanguageModel Open(TemporaryFolder folder)
        {
            string[] small = ["data.generated.samples=300", "model.gmlpText.layers=1", "model.gmlpText.causal=false", "objective.kind=maskedLanguageModel", "train.length=2 steps", "train.evaluateEvery=2 steps"];
            using Run run = Execute(folder, "mlm", RecipeCatalog.Read("sentences", small));
            return SavedLanguageModel.Open(run.Folder, torch.CPU);
        }
    }
}
