using System.Globalization;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Text;
using Espalier.Language.Corpora;
using Espalier.Language.FineTuning;
using Espalier.Language.Objectives;
using Espalier.Networks;
using Espalier.Networks.Encoders;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Schedules;

namespace Espalier.Reproductions.Gmlp;

/// <summary>
/// SST-2 from scratch, and after a masked language model learned the text of the same training phrases. Judged on the 872
/// sentences that papers report, which nothing is chosen on.
/// </summary>
internal static class SentimentFineTuning
{
    private const int Length = 40;
    private const int PretrainingEpochs = 6;

    private static readonly ModelOptions Model = new()
    {
        Name = "gmlp_text",
        GmlpText = new() { DModel = 64, DFfn = 256, Layers = 3, Padding = PadHandling.ZeroGateInput, Dropout = 0.1 },
        TextHead = new() { Pooling = SequencePooling.MaskedMean, Dropout = 0.3 },
    };

    public static ReproductionPart Run(ReproductionContext context)
    {
        LoadedText loaded = DataCatalog.Default.LoadText(new() { Name = "sst2" });
        var options = new TextOptions { Length = Length, Tokenizer = new() { Kind = TokenizerKind.Word, MinimumCount = 2 } };
        using TokenizedText text = TextEncoding.Encode(loaded, options, [SpecialToken.Mask, SpecialToken.Unknown]);
        DatasetSplits splits = text.Splits.To(context.Device);
        using var folder = new PretrainedFolder();
        var numbers = new Dictionary<string, double>();
        Pretrain();
        FineTuningResult scratch = FineTune("from scratch", null);
        FineTuningResult tuned = FineTune("pre-trained", folder.Path);
        numbers["scratch"] = scratch.MedianTest;
        numbers["pretrained"] = tuned.MedianTest;
        return new ReproductionPart("sentiment",
            string.Create(CultureInfo.InvariantCulture, $"SST-2, words that occur twice, length {Length}, Toeplitz gMLP of 3 layers, d = 64, 2 epochs at 0.001 in batches of 64; pre-training: {PretrainingEpochs} epochs of masked words of the same 60,614 phrases. Accuracy on the 872 sentences of the official development set, median of {context.Seeds} seeds."),
            [
                new("tokens", "14,126 and [MASK]", text.Tokenizer.VocabularySize.ToString("N0", CultureInfo.InvariantCulture), text.Tokenizer.VocabularySize == 14_127),
                new("accuracy from scratch", "80.62 %, at least 80", Percent(scratch), scratch.MedianTest >= 0.8),
                new("accuracy after pre-training", "above 82.5 (bag of words 82.45)", Percent(tuned), tuned.MedianTest > 0.825),
                new("gain by pre-training", "at least 1 point", string.Create(CultureInfo.InvariantCulture, $"{100 * (tuned.MedianTest - scratch.MedianTest):0.0} points"), tuned.MedianTest - scratch.MedianTest >= 0.01),
                new("perplexity of masked words after pre-training, dev phrases", "-", numbers["perplexity"].ToString("0.0", CultureInfo.InvariantCulture)),
            ],
            [])
        {
            Numbers = numbers,
        };

        void Pretrain()
        {
            using var model = new MaskedLanguageModel(Encoder(1), MlmHead.Plain, 1);
            model.to(context.Device);
            var listener = new EvaluationListener((step, found) =>
            {
                numbers["perplexity"] = found["perplexity"];
                context.Report(string.Create(CultureInfo.InvariantCulture, $"pre-training, step {step}: perplexity {found["perplexity"]:0.0}"));
            });
            TrainerOptions training = Options(Duration.Epochs(PretrainingEpochs), 2e-3, 0.01);
            var objective = new MaskedLanguageObjective(model, text.Tokenizer, new(), 1);
            using TrainingResult result = new Trainer(training).Fit(objective, objective.ForTraining(splits.Train.Tokens()), new() { Validation = objective.ForEvaluation(splits.Validation.Tokens()), Progress = listener }, context.CancellationToken);
            context.CancellationToken.ThrowIfCancellationRequested();
            numbers["pretraining.seconds"] = result.TrainingTime.TotalSeconds;
            Models.ModelWeights.Save(model, folder.Weights);
        }

        FineTuningResult FineTune(string name, string? weights) => new FineTuner(new() { Seeds = context.Seeds }).Run(
            Options(Duration.Epochs(2), 1e-3, 0.01), seed =>
            {
                TextEncoder encoder = Encoder(seed);
                if (weights is not null)
                    PretrainedEncoder.Load(encoder, weights);
                var model = new SequenceClassifier(encoder, 2, Model.TextHead.Pooling, Model.TextHead.Dropout, seed);
                model.to(context.Device);
                return new OwnedObjective<LabelledBatch>(new TextClassificationObjective(model, text.Tokenizer, new() { WordDropout = 0.05 }, seed), model);
            },
            splits, trial => context.Report(string.Create(CultureInfo.InvariantCulture, $"{name}, seed {trial.Seed}: dev phrases {trial.Validation:P2}, test {trial.Test:P2} in {trial.Seconds:0} s")), context.CancellationToken);

        TextEncoder Encoder(int seed) => ModelZoo.CreateText(Model, text.Tokenizer.VocabularySize, Length, new TextTokens(text.Tokenizer.Specials.Pad), seed);
    }

    private static TrainerOptions Options(Duration length, double rate, double decay) => new()
    {
        BatchSize = 64,
        Length = length,
        Optimizer = new() { LearningRate = rate, WeightDecay = decay },
        Schedule = new() { Shape = ScheduleShape.Linear, Warmup = Duration.Steps(100) },
        ClipNorm = 1,
    };

    private static string Percent(FineTuningResult result) => string.Create(CultureInfo.InvariantCulture,
        $"{100 * result.MedianTest:0.00} % ({100 * result.Seeds.Min(s => s.Test!.Value):0.00} to {100 * result.Seeds.Max(s => s.Test!.Value):0.00})");

    /// <summary>Holds the pre-trained weights while they are needed.</summary>
    private sealed class PretrainedFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("espalier-").FullName;

        public string Weights => System.IO.Path.Combine(Path, Models.ModelWeights.FileName);

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
