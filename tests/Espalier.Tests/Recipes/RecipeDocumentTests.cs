using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Robustness.Regions;
using Espalier.Training.Loop;
using Espalier.Training.Optimizers;

namespace Espalier.Tests.Recipes;

public sealed class RecipeDocumentTests
{
    private const string Minimal = """{ "name": "tiny", "data": { "name": "digits" } }""";

    private static Recipe Bind(string text) => RecipeDocument.Parse("my.json", text, BuiltIn.Catalog).Bind();

    private static Recipe BindWith(params string[] assignments)
    {
        RecipeDocument document = RecipeDocument.Parse("my.json", Minimal, BuiltIn.Catalog);
        foreach (string assignment in assignments)
            document.Set(assignment);
        return document.Bind();
    }

    private static void Contains(string part, Exception error) => Assert.Contains(part, error.Message, StringComparison.Ordinal);

    [Fact]
    public void Comments_and_trailing_commas_are_allowed()
    {
        Recipe recipe = Bind("""
            // a comment
            { "name": "tiny", /* another */ "data": { "name": "digits", }, "train": { "batchSize": 32, }, "detect": { "outliers": ["gaussian",], }, }
            """);
        Assert.Equal(("tiny", 32), (recipe.Name, recipe.Train.BatchSize));
        Assert.Equal(["gaussian"], recipe.Detect!.Outliers!);
        Assert.Null(recipe.Attack);
    }

    [Theory]
    [InlineData("""{ "name": "a", "trian": {} }""", "'trian'", "'train'")]
    [InlineData("""{ "name": "a", "train": { "batchsize": 3 } }""", "'train.batchsize'", "'train.batchSize'")]
    [InlineData("""{ "name": "a", "train": { "optimizer": { "learningrate": 3 } } }""", "'train.optimizer.learningrate'", "'train.optimizer.learningRate'")]
    [InlineData("""{ "name": "a", "train": { "beta1": 0.5 } }""", "'train.beta1'", "'train.optimizer.beta1'")]
    [InlineData("""{ "name": "a", "train": { "optimizer": { "beta": 0.5 } } }""", "'train.optimizer.beta'", "'train.optimizer.beta1'")]
    [InlineData("""{ "name": "a", "batchSize": 5 }""", "'batchSize'", "'train.batchSize'")]
    [InlineData("""{ "name": "a", "attack": { "curves": [ { "epsilons": [0.1] }, { "epsilon": [0.1] } ] } }""", "'attack.curves[1].epsilon'", "'attack.curves[1].epsilons'")]
    [InlineData("""{ "name": "a", "explain": { "wachter": { "distence": "l1" } } }""", "'explain.wachter.distence'", "'explain.wachter.distance'")]
    public void An_unknown_key_is_named_with_what_may_be_meant(string text, string key, string meant)
    {
        RecipeException error = Assert.Throws<RecipeException>(() => Bind(text));
        Contains(key, error);
        Contains("did you mean " + meant, error);
        Contains("my.json", error);
    }

    [Theory]
    [InlineData("""{ "name": 3 }""", "'name'", "text in quotes")]
    [InlineData("""{ "name": "a", "data": 5 }""", "'data'", "section { ... }")]
    [InlineData("""{ "name": "a", "train": { "batchSize": "64" } }""", "'train.batchSize'", "whole number")]
    [InlineData("""{ "name": "a", "train": { "batchSize": 6.5 } }""", "'train.batchSize'", "whole number")]
    [InlineData("""{ "name": "a", "train": { "optimizer": { "learningRate": true } } }""", "'train.optimizer.learningRate'", "a number")]
    [InlineData("""{ "name": "a", "train": { "optimizer": { "nesterov": 1 } } }""", "'train.optimizer.nesterov'", "true or false")]
    [InlineData("""{ "name": "a", "train": { "length": 5 } }""", "'train.length'", "\"40 epochs\"")]
    [InlineData("""{ "name": "a", "train": { "length": "5 minutes" } }""", "'train.length'", "\"40 epochs\"")]
    [InlineData("""{ "name": "a", "train": { "optimizer": { "kind": "adamm" } } }""", "'train.optimizer.kind'", "\"adamW\"")]
    [InlineData("""{ "name": "a", "train": { "optimizer": { "kind": 1 } } }""", "'train.optimizer.kind'", "\"adamW\"")]
    [InlineData("""{ "name": "a", "detect": { "outliers": "gaussian" } }""", "'detect.outliers'", "a list; of each: it is text")]
    [InlineData("""{ "name": "a", "attack": { "curves": [ { "norm": "l7" } ] } }""", "'attack.curves[0].norm'", "\"lInf\", \"l2\"")]
    [InlineData("""{ "name": "a", "attack": { "curves": [ null ] } }""", "'attack.curves[0]'", "section { ... }")]
    [InlineData("""{ "name": "a", "detect": { "outliers": [ null ] } }""", "'detect.outliers[0]'", "text in quotes")]
    [InlineData("""{ "name": "a", "data": null }""", "'data'", "section { ... }")]
    public void A_wrong_type_names_the_key_and_what_is_expected(string text, string key, string expected)
    {
        RecipeException error = Assert.Throws<RecipeException>(() => Bind(text));
        Contains(key, error);
        Contains(expected, error);
    }

    [Theory]
    [InlineData("{\n  \"name\": \"a\",\n  \"seed\" 3\n}", "line 3, column 10")]
    [InlineData("{ \"name\": ", "line 1")]
    [InlineData("", "line 1, column 1")]
    [InlineData("[1]", "is not a JSON object")]
    [InlineData("null", "is not a JSON object")]
    [InlineData("""{ "name": "a", "name": "b" }""", "twice")]
    [InlineData("""{ "name": "a", "train": { "batchSize": 1, "batchSize": 2 } }""", "batchSize")]
    public void Broken_JSON_says_where(string text, string where) =>
        Contains(where, Assert.Throws<RecipeException>(() => Bind(text)));

    [Theory]
    [InlineData("train.seed")]
    [InlineData("detect.protocol.seed")]
    [InlineData("attack.pgd.seed")]
    [InlineData("attack.pgd.epsilon")]
    [InlineData("data.generated.seed")]
    public void A_key_that_would_have_no_effect_does_not_exist(string key) =>
        Contains($"there is no option '{key}'", Assert.Throws<RecipeException>(() => BindWith($"{key}=3")));

    [Fact]
    public void Overrides_replace_and_create()
    {
        Recipe recipe = BindWith("train.batchSize=128", "train.length=5 epochs", "train.ema.halfLife=2 epochs", "model.gmlp.inputMean=[0.1]", "seed=9",
            "attack.curves=[{\"norm\":\"l2\",\"epsilons\":[0.5]}]", "title=42", "train.optimizer.kind=sgd", "train.optimizer.nesterov=true");
        Assert.Equal((128, 9, "42", true), (recipe.Train.BatchSize, recipe.Seed, recipe.Title, recipe.Train.Optimizer.Nesterov));
        Assert.Equal(Duration.Epochs(5), recipe.Train.Length);
        Assert.Equal(Duration.Epochs(2), recipe.Train.Ema!.HalfLife);
        Assert.Equal([0.1], recipe.Model.Gmlp.InputMean);
        Assert.Equal(Norm.L2, Assert.Single(recipe.Attack!.Curves).Norm);
        Assert.Equal(OptimizerKind.Sgd, recipe.Train.Optimizer.Kind);
    }

    [Fact]
    public void Null_takes_an_optional_section_or_value_away()
    {
        Recipe recipe = RecipeCatalog.Read("digits", ["attack=null", "train.ema=null", "train.clipNorm=null", "train.baseBatchSize=null"]);
        Assert.Null(recipe.Attack);
        Assert.Null(recipe.Train.Ema);
        Assert.Null(recipe.Train.ClipNorm);
        Assert.Null(recipe.Train.BaseBatchSize);
        Assert.Equal(RecipeCatalog.Read("digits").Detect!.Outliers, recipe.Detect!.Outliers);
        Contains("'train.batchSize' cannot be null", Assert.Throws<RecipeException>(() => BindWith("train.batchSize=null")));
        Contains("'data' cannot be null", Assert.Throws<RecipeException>(() => BindWith("data=null")));
    }

    [Theory]
    [InlineData("train.batchSize=abc", "'train.batchSize' cannot be abc", "whole number")]
    [InlineData("train.batchSize=", "'train.batchSize' cannot be ", "whole number")]
    [InlineData("train.length=5", "'train.length' cannot be 5", "40 epochs")]
    [InlineData("train.optimizer.kind=adan", "cannot be adan", "\"sgd\", \"adam\", \"adamW\"")]
    [InlineData("train.optimizer=fast", "'train.optimizer' cannot be fast", "section")]
    [InlineData("train.batchSize.x=1", "'train.batchSize' holds one value", "train.batchSize=value")]
    [InlineData("train.batchsize=1", "there is no option 'train.batchsize'", "did you mean 'train.batchSize'")]
    [InlineData("batchSize", "cannot set 'batchSize'", "key=value")]
    [InlineData("=3", "cannot set '=3'", "key=value")]
    public void A_bad_override_is_refused(string assignment, string problem, string remedy)
    {
        RecipeException error = Assert.Throws<RecipeException>(() => BindWith(assignment));
        Contains(problem, error);
        Contains(remedy, error);
    }

    [Theory]
    [InlineData("train.optimizer.learningRate=-1", "train.optimizer.learningRate")]
    [InlineData("train.clipNorm=0", "train.clipNorm")]
    [InlineData("train.ema.momentum=2", "train.ema.momentum")]
    [InlineData("train.schedule.finalFraction=2", "train.schedule.finalFraction")]
    [InlineData("data.testFraction=1", "data.testFraction")]
    [InlineData("data.generated.samples=1", "data.generated.samples")]
    [InlineData("model.gmlp.layers=0", "model.gmlp.layers")]
    [InlineData("model.mlp.hiddenSizes=[8,0]", "model.mlp.hiddenSizes")]
    [InlineData("objective.labelSmoothing=1", "objective.labelSmoothing")]
    [InlineData("evaluate.calibrationBins=0", "evaluate.calibrationBins")]
    [InlineData("detect.protocol.draws=0", "detect.protocol.draws")]
    [InlineData("detect.outliers=[]", "detect.outliers")]
    [InlineData("attack={\"curves\":[{\"epsilons\":[-0.1]}]}", "attack.curves.epsilons")]
    [InlineData("attack.curves=[]", "attack.curves")]
    [InlineData("explain.wachter.rounds=0", "explain.wachter.rounds")]
    [InlineData("seed=-1", "seed")]
    [InlineData("name=a b", "name")]
    public void An_option_out_of_range_is_named_in_full(string assignment, string option) =>
        Assert.Equal(option, Assert.Throws<OptionsException>(() => BindWith(assignment)).Option);

    [Theory]
    [InlineData("data.name=digit", "data set", "'digits'")]
    [InlineData("model.name=gmpl", "model", "'gmlp'")]
    [InlineData("detect.detector=energi", "detector", "'energy'")]
    [InlineData("detect.outliers=[\"blob\"]", "outlier set", "'blobs'")]
    public void An_unknown_name_is_refused_when_the_recipe_is_read(string assignment, string kind, string meant)
    {
        NotFoundException error = Assert.Throws<NotFoundException>(() => BindWith(assignment));
        Assert.Equal(kind, error.Kind);
        Contains("did you mean " + meant, error);
    }
}
