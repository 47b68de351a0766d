using Espalier.Anomaly.Exposure;
using Espalier.Data;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks;
using Espalier.Networks.Text;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Runs.Store;
using Espalier.Tests.Cli;
using Espalier.Tests.Data;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Tests.Recipes;

/// <summary>Every form of outlier exposure by a recipe, from training to report, each judged by its own score.</summary>
public sealed class ExposureFormsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_confidence_is_low_for_what_it_was_exposed_to()
    {
        Recipe plain = Digits(new() { Kind = ObjectiveKind.Confidence });
        Recipe exposed = plain with { Objective = plain.Objective with { OutlierExposure = new() { Dataset = "uniform" } } };

        RunSummary before = Summary(plain, "plain"), after = Summary(exposed, "exposed");

        Assert.True(after["detect.gaussian.auroc"] > 0.9 && after["detect.gaussian.auroc"] > before["detect.gaussian.auroc"], $"{before["detect.gaussian.auroc"]} to {after["detect.gaussian.auroc"]}");
        Assert.True(after["evaluate.accuracy"] > 0.5);
        Assert.Equal("confidence-branch", StageFile.Read<DetectRecord>(Run.Open(_folder.File("exposed")), "detect")!.Detector);

        // 1 - b, worked out from the file.
        Recipe recipe = RecipeRun.RecipeOf(Run.Open(_folder.File("exposed")), BuiltIn.Catalog);
        using RecipeData data = RecipeData.Load(recipe);
        using var network = ExtraOutput.Create(recipe.Model, data.Loaded.Splits.Test.InputShape, 10, 0);
        ModelWeights.Load(network, Path.Combine(_folder.File("exposed"), ModelWeights.FileName));
        network.eval();
        using var scope = torch.NewDisposeScope();
        Tensor b = network.All(data.Loaded.Splits.Test.All().Inputs).select(1, 10).sigmoid();
        IReadOnlyList<float> scores = StageFile.Read<DetectRecord>(Run.Open(_folder.File("exposed")), "detect")!.InScores;
        Assert.Equal((1 - b).mean().item<float>(), scores.Average(), 4);
        Assert.NotEqual(0.1, network.ConfidenceWeight);
    }

    [Fact]
    public void A_reject_class_is_found_by_its_probability_and_a_classifier_stays_one()
    {
        Recipe recipe = Digits(new() { OutlierExposure = new() { Dataset = "uniform", Loss = OutlierLoss.RejectClass } });
        RunSummary summary = Summary(recipe with { Attack = new() { Samples = 5, Pgd = new() { Steps = 2 }, Curves = [new() { Norm = Espalier.Robustness.Regions.Norm.LInf, Epsilons = [0.1] }] } }, "reject");

        Assert.True(summary["detect.gaussian.auroc"] > 0.9, $"{summary["detect.gaussian.auroc"]}");
        Assert.Equal("reject-class", StageFile.Read<DetectRecord>(Run.Open(_folder.File("reject")), "detect")!.Detector);
        Assert.True(File.Exists(Path.Combine(_folder.File("reject"), "report.html")));

        // The classifier within has ten classes, and scores of its own.
        CommandResult again = InProcess.Run("detect", _folder.File("reject"), "--detector", "energy", "--out", _folder.File("energy"), "--quiet");
        Assert.Equal((0, ""), (again.ExitCode, again.Error));
        CommandResult foreign = InProcess.Run("detect", _folder.File("reject"), "--detector", "confidence-branch", "--out", _folder.File("none"));
        Assert.Equal(2, foreign.ExitCode);
        Assert.Contains("kind confidence", foreign.Error);
    }

    [Fact]
    public void Weights_with_and_without_the_extra_output_are_starts()
    {
        Recipe recipe = Digits(new());
        recipe = recipe with { Detect = null, Train = recipe.Train with { Length = Duration.Steps(1) } };
        TinyRun.Execute(recipe, _folder.File("plain"));
        Recipe branch = recipe with { Objective = new() { Kind = ObjectiveKind.Confidence }, Train = recipe.Train with { Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 1e-12, WeightDecay = 0 } } };
        TinyRun.Execute(branch with { Model = branch.Model with { Weights = _folder.File("plain") } }, _folder.File("from-plain"));
        TinyRun.Execute(branch with { Model = branch.Model with { Weights = _folder.File("from-plain") }, Seed = 77 }, _folder.File("from-branch"));

        SafetensorsFile plain = SafetensorsFile.Open(Path.Combine(_folder.File("plain"), ModelWeights.FileName));
        SafetensorsFile first = SafetensorsFile.Open(Path.Combine(_folder.File("from-plain"), ModelWeights.FileName)), second = SafetensorsFile.Open(Path.Combine(_folder.File("from-branch"), ModelWeights.FileName));
        string[] kept = [.. plain.Names.Where(n => plain.ShapeOf(n).SequenceEqual(first.ShapeOf($"network.{n}")))];
        Assert.Equal(plain.Names.Count() - 2, kept.Length);                  // all but weight and bias of the head
        Assert.All(kept, n => Assert.True(Distance(Values(plain, n), Values(first, $"network.{n}")) < 1e-6, n));
        Assert.All(first.Names.Where(n => n.StartsWith("network.", StringComparison.Ordinal)), n => Assert.True(Distance(Values(first, n), Values(second, n)) < 1e-6, n));
    }

    [Fact]
    public void A_density_is_trained_judged_in_bits_and_exposed()
    {
        Recipe plain = Density(null);
        Recipe exposed = Density(new() { Dataset = "uniform", MarginPerValue = 1 });

        RunSummary before = Summary(plain, "plain"), after = Summary(exposed, "exposed");

        // Bits of a uniform guess over 256 values are 8; what was learned is far below.
        Assert.True(before["evaluate.bitsPerDimension"] < 7, $"{before["evaluate.bitsPerDimension"]}");
        DensityRecord record = StageFile.Read<DensityRecord>(Run.Open(_folder.File("plain")), "density")!;
        DetectRecord detected = StageFile.Read<DetectRecord>(Run.Open(_folder.File("plain")), "detect")!;
        Assert.Equal(("bits-per-dimension", 64L), (detected.Detector, record.Values));
        Assert.Equal(record.Raw, detected.InScores.Average(), 4);
        Assert.True(after["detect.negative.auroc"] >= before["detect.negative.auroc"]);
        string page = File.ReadAllText(Path.Combine(_folder.File("exposed"), "report.html"));
        Assert.Contains("bits for each pixel", page, StringComparison.Ordinal);

        // A saved run is judged again, by the corrected score too; nothing that needs classes is done with it.
        CommandResult corrected = InProcess.Run("detect", _folder.File("plain"), "--detector", "bits-per-dimension-corrected", "--out", _folder.File("corrected"), "--quiet");
        Assert.Equal((0, ""), (corrected.ExitCode, corrected.Error));
        CommandResult evaluated = InProcess.Run("evaluate", _folder.File("plain"), "--out", _folder.File("evaluated"), "--quiet");
        Assert.Equal((0, ""), (evaluated.ExitCode, evaluated.Error));
        Assert.Equal(record.Raw, RunSummary.Load(Path.Combine(_folder.File("evaluated"), "summary.json"))["evaluate.bitsPerDimension"]!.Value, 6);
        foreach (string[] command in new[] { ["detectors", "fit", _folder.File("plain")], ["export", _folder.File("plain")], new[] { "detect", _folder.File("plain"), "--detector", "energy" } })
        {
            CommandResult refused = InProcess.Run(command);
            Assert.Equal(2, refused.ExitCode);
            Assert.Matches("classifier|classes", refused.Error);
        }
    }

    [Fact]
    public void A_language_model_is_exposed_and_judged_by_likelihood()
    {
        Recipe plain = Language(null);
        RunSummary own = Summary(plain, "plain");
        DetectRecord bits = StageFile.Read<DetectRecord>(Run.Open(_folder.File("plain")), "detect")!;

        // Its own text cannot be told from itself, and its bits are the loss of the evaluation.
        Assert.Equal("language-bits", bits.Detector);
        Assert.InRange(own["detect.sentences.auroc"]!.Value, 0.35, 0.65);
        Assert.Equal(own["evaluate.loss"]!.Value / Math.Log(2), bits.InScores.Average(), 3);

        // Exposed to its own text with all weight it knows nothing: the perplexity is that of a uniform guess.
        RunSummary unsure = Summary(Language(new() { Dataset = "sentences", Weight = 100 }), "unsure");
        LanguageRecord language = StageFile.Read<LanguageRecord>(Run.Open(_folder.File("unsure")), "language")!;
        DetectRecord uniform = StageFile.Read<DetectRecord>(Run.Open(_folder.File("unsure")), "detect")!;
        Assert.Equal("language-uniform", uniform.Detector);
        Assert.True(own["evaluate.perplexity"] < language.Vocabulary / 3.0, $"{own["evaluate.perplexity"]} of {language.Vocabulary}");
        Assert.InRange(unsure["evaluate.perplexity"]!.Value, 0.6 * language.Vocabulary, 1.1 * language.Vocabulary);

        // H(U; p) is never below log V.
        Assert.All(uniform.InScores, s => Assert.True(s <= -Math.Log(language.Vocabulary) + 1e-4));
    }

    [Fact]
    public void A_reader_learns_a_confidence_too()
    {
        Recipe recipe = Language(null) with
        {
            Objective = new() { Kind = ObjectiveKind.Confidence, Confidence = new() { HintShare = 0.2 }, OutlierExposure = new() { Dataset = "sentences", MinimumWords = 1, Weight = 0 } },
            Train = Language(null).Train with { Length = Duration.Epochs(12) },
            Evaluate = new(),
        };
        recipe = recipe with { Data = recipe.Data with { Generated = new() { Samples = 600 }, Text = recipe.Data.Text with { Layout = TextLayout.Documents, Length = 44, Padding = PaddingSide.Before } }, Model = recipe.Model with { TextHead = new() { Pooling = SequencePooling.LastToken } } };
        RunSummary summary = Summary(recipe, "reader");

        Assert.True(summary["evaluate.accuracy"] > 0.8, $"{summary["evaluate.accuracy"]}");
        Assert.InRange(summary["detect.sentences.auroc"]!.Value, 0.35, 0.65);
    }

    [Fact]
    public void Pads_are_neither_guessed_nor_scored()
    {
        using var scope = torch.NewDisposeScope();
        using var model = new CausalLanguageModel(new GruEncoder(new() { Vocabulary = 9, MaxLength = 8, EmbeddingSize = 6, HiddenSize = 6 }, new TextTokens(0), seed: 1));
        Tensor text = torch.tensor(new long[] { 3, 4, 5, 6 }).view(1, 4), padded = torch.tensor(new long[] { 3, 4, 5, 6, 0, 0 }).view(1, 6);
        foreach (LanguageScore score in new[] { LanguageScore.Uniform, LanguageScore.BitsPerToken })
            Assert.Equal(new LanguageDetector(model, score).Score(text).item<double>(), new LanguageDetector(model, score).Score(padded).item<double>(), 5);

        using var train = new Dataset("own", padded.clone(), torch.zeros(1, dtype: torch.int64), ["text"]);
        using var unpadded = new Dataset("own", text.clone(), torch.zeros(1, dtype: torch.int64), ["text"]);
        LossSum Step(Dataset data)
        {
            var objective = new LanguageExposure(model, data, data);
            return objective.Step(objective.ForTraining(data).Gather([0], 0), default);
        }

        (LossSum withPads, LossSum without) = (Step(train), Step(unpadded));
        Assert.Equal((3, 3), (withPads.Weight, without.Weight));
        Assert.Equal(without.Sum.item<float>(), withPads.Sum.item<float>(), 4);
    }

    [Theory]
    [InlineData("objective.kind=confidence", "objective.outlierExposure={\"dataset\":\"uniform\",\"loss\":\"energy\"}", "outlierExposure.loss")]
    [InlineData("objective.kind=confidence", "objective.outlierExposure={\"dataset\":\"uniform\",\"hardShare\":0.5}", "hardShare")]
    [InlineData("objective.kind=confidence", "objective.confidence.budget=0", "confidence.budget")]
    [InlineData("objective.kind=confidence", "objective.labelSmoothing=0.1", "labelSmoothing")]
    [InlineData("objective.kind=confidence", "detect.detector=reject-class", "rejectClass")]
    [InlineData("objective.outlierExposure={\"dataset\":\"uniform\",\"marginPerValue\":1}", "detect={}", "belongs to kind density")]
    [InlineData("objective.kind=density", "attack=null", "must be a density")]
    [InlineData("model.name=pixelcnn", "attack=null", "belongs to kind density")]
    [InlineData("detect.detector=bits-per-dimension", "attack=null", "kind density")]
    [InlineData("objective.kind=causalLanguageModel", "detect={}", "is for text")]
    public void What_means_nothing_is_refused(string first, string second, string expected)
    {
        RecipeDocument document = RecipeDocument.Parse("tiny", TinyRecipe.Digits, BuiltIn.Catalog);
        document.Set(first);
        document.Set(second);
        Assert.Contains(expected, Assert.Throws<OptionsException>(() => document.Bind()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_density_or_a_language_model_cannot_do_is_refused()
    {
        static string Refused(Recipe recipe) => Assert.Throws<OptionsException>(recipe.Validate).Message;
        Assert.Contains("a density has none", Refused(Density(null) with { Explain = new() }), StringComparison.Ordinal);
        Assert.Contains("outliersPerSample", Refused(Density(new() { Dataset = "uniform", OutliersPerSample = 2 })), StringComparison.Ordinal);
        Assert.Contains("needs classes; this model's scores are bits-per-dimension", Refused(Density(null) with { Detect = new() { Detector = "msp" } }), StringComparison.Ordinal);
        Assert.Contains("this model's scores are language-bits", Refused(Language(null) with { Detect = new() { Detector = "msp", Outliers = ["sentences"] } }), StringComparison.Ordinal);
        Recipe masked = Language(null) with { Objective = new() { Kind = ObjectiveKind.MaskedLanguageModel } };
        Assert.Contains("a masked one", Refused(masked), StringComparison.Ordinal);

        // Colours are refused before anything is trained.
        Assert.Throws<ShapeException>(() => ModelZoo.CreateDensity(new() { Name = "pixelcnn" }, [3, 8, 8], 1));
        Assert.Throws<OptionsException>(() => ModelZoo.CreateDensity(new() { Name = "gmlp" }, [1, 8, 8], 1));
        Assert.Throws<OptionsException>(() => ModelZoo.Create(new() { Name = "pixelcnn" }, [1, 8, 8], 10, 1));
    }

    private static Recipe Digits(ObjectiveOptions objective)
    {
        Recipe recipe = RecipeDocument.Parse("tiny", TinyRecipe.Digits, BuiltIn.Catalog).Bind() with { Attack = null, Explain = null, Objective = objective };
        return recipe with { Train = recipe.Train with { Length = Duration.Epochs(20), Ema = null } };
    }

    private static Recipe Density(ExposureOptions? exposure) => new()
    {
        Catalog = BuiltIn.Catalog,
        Name = "density",
        Data = new() { Name = "digits", Limit = 300 },
        Model = new() { Name = "pixelcnn", PixelCnn = new() { Channels = 8, Blocks = 1, Mixtures = 3, FirstKernel = 5 } },
        Objective = new() { Kind = ObjectiveKind.Density, OutlierExposure = exposure },
        Train = new() { Length = Duration.Epochs(6), BatchSize = 16, Optimizer = new() { LearningRate = 0.01 }, ClipNorm = 1 },
        Evaluate = new(),
        Detect = new() { Outliers = ["gaussian", "negative"] },
    };

    private static Recipe Language(ExposureOptions? exposure) => new()
    {
        Catalog = BuiltIn.Catalog,
        Name = "language",
        Data = new() { Name = "sentences", Generated = new() { Samples = 300 }, Text = new() { Length = 24, Stride = 8, Layout = TextLayout.Windows, EvaluationWindows = 60 } },
        Model = new() { Name = "gru", Gru = new() { EmbeddingSize = 32, HiddenSize = 32, Layers = 1 } },
        Objective = new() { Kind = ObjectiveKind.CausalLanguageModel, OutlierExposure = exposure },
        Train = new() { Length = Duration.Epochs(6), BatchSize = 32, Optimizer = new() { LearningRate = 0.01 } },
        Evaluate = new(),
        Detect = new() { Outliers = ["sentences"], Count = 60 },
    };

    private static double Distance(float[] one, float[] other) => one.Zip(other).Max(p => Math.Abs(p.First - p.Second));

    private static float[] Values(SafetensorsFile file, string name)
    {
        using Tensor tensor = torch.empty([.. file.ShapeOf(name)]);
        file.LoadInto(name, tensor);
        return [.. tensor.flatten().data<float>()];
    }

    private RunSummary Summary(Recipe recipe, string name)
    {
        recipe.Validate();
        return RunSummary.Load(Path.Combine(TinyRun.Execute(recipe, _folder.File(name)), "summary.json"));
    }
}
