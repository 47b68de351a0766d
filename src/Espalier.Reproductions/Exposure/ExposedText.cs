using System.Globalization;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Evaluation;
using Espalier.Anomaly.Exposure;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Text;
using Espalier.Language.Corpora;
using Espalier.Language.Tokenizers;
using Espalier.Metrics;
using Espalier.Models;
using Espalier.Networks;
using Espalier.Networks.Text;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Reproductions.Exposure;

/// <summary>A recurrent classifier of texts before and after exposure to sentences of Wikipedia (Hendrycks et al. 2019, section 4.3.2).</summary>
internal static class ExposedText
{
    private const int Longest = 100;
    private const int ExposureBatch = 64;

    private static readonly Task s_questions = new("trec", "TREC", 37, 25, 64, 5, ["sst2-sentences", "customer-reviews", "multi30k-en", "wmt16-en", "newsgroups-mini"],
        [("accuracy, %", "83.6 to 81.8"), ("FPR90, %", "54.6 to 0.2 (42.7 with another seed); at most 3"), ("AUROC, %", "63.6 to 99.7; at least 98"), ("AUPR, %", "21.3 to 99.0; at least 95")], 3, 98, 95);

    private static readonly Task s_reviews = new("sst2-sentences", "SST-2", 60, 30, 128, 3, ["customer-reviews", "multi30k-en", "wmt16-en", "trec", "newsgroups-mini"],
        [("accuracy, %", "76.9 to 77.4"), ("FPR90, %", "76.2 to 44.9 (paper 74.9 to 27.3)"), ("AUROC, %", "59.8 to 82.3 (paper 61.6 to 89.3); at least 80"), ("AUPR, %", "20.8 to 49.0 (paper 22.9 to 59.4); at least 45")], 100, 80, 45);

    public static ReproductionPart Questions(ReproductionContext context) => Run("text-trec", s_questions, context);

    public static ReproductionPart Reviews(ReproductionContext context) => Run("text-sst", s_reviews, context);

    private static ReproductionPart Run(string part, Task task, ReproductionContext context)
    {
        LoadedText loaded = DataCatalog.Default.LoadText(new() { Name = task.Data, ValidationFraction = 0.02 });
        var options = new TextOptions
        {
            Length = task.Length,
            Padding = PaddingSide.Before,
            Tokenizer = new() { Kind = TokenizerKind.Word, VocabularySize = 10_000, LowerCase = true },
        };
        using TokenizedText text = TextEncoding.Encode(loaded, options, [SpecialToken.Unknown]);
        DatasetSplits splits = text.Splits.To(context.Device);
        Tokenizer tokenizer = text.Tokenizer;
        using Dataset wiki = Encoded(Sentences.Of(All("wikitext2-valtest"), 3, task.LongestOutlier), task.Length);
        Dictionary<string, Dataset> sets = task.Sets.ToDictionary(s => s, s => Encoded(OfTest(s), s == "newsgroups-mini" ? Longest : Math.Max(task.Length, 60)));
        var table = new SeedTable();
        foreach (int seed in context.AllSeeds)
        {
            using var model = new SequenceClassifier(
                ModelZoo.CreateText(new() { Name = "gru" }, tokenizer.VocabularySize, Longest, new TextTokens(tokenizer.Specials.Pad), seed), splits.Train.ClassCount, SequencePooling.LastToken, 0, seed);
            model.to(context.Device);
            Fit(new ClassificationObjective(model), splits.Train, task.Epochs, task.Batch, seed);
            Measure("before", model, seed);
            var objective = new OutlierExposure(model, splits.Train, wiki, new() { OutliersPerSample = 1 }, seed);
            Fit(objective, objective.ForTraining(splits.Train), 2, ExposureBatch, seed);
            Measure("after", model, seed);
            context.Report(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: accuracy {table.Last("before.accuracy"):0.0} to {table.Last("after.accuracy"):0.0}, FPR90 {table.Last("before.fpr"):0.0} to {table.Last("after.fpr"):0.0}, AUROC {table.Last("before.auroc"):0.0} to {table.Last("after.auroc"):0.0}, AUPR {table.Last("before.aupr"):0.0} to {table.Last("after.aupr"):0.0}"));
        }

        foreach (Dataset set in sets.Values)
            set.Dispose();
        string Change(string number) => $"{table.Text($"before.{number}")} to {table.Text($"after.{number}")}";
        return new(part,
            string.Create(CultureInfo.InvariantCulture, $"{task.Title}: GRU of two layers, d = 128, embedding 50, padding before the text; {task.Epochs} epochs of Adam at 0.01 in batches of {task.Batch}, then 2 in batches of {ExposureBatch} beside {wiki.Count:N0} sentences of WikiText-2 (validation and test part) of 3 to {task.LongestOutlier} words, λ = 1. MSP; {string.Join(", ", task.Sets)}: a fifth as many outliers as test samples, ten draws; {context.SeedsText}."),
            [
                new(task.References[0].What, task.References[0].Published, Change("accuracy"), table.Mean("before.accuracy") - table.Mean("after.accuracy") <= 3),
                new($"mean {task.References[1].What}", task.References[1].Published, Change("fpr"), table.Mean("after.fpr") <= task.MostFpr && table.Mean("after.fpr") < table.Mean("before.fpr")),
                new($"mean {task.References[2].What}", task.References[2].Published, Change("auroc"), table.Mean("after.auroc") >= task.LeastAuroc),
                new($"mean {task.References[3].What}", task.References[3].Published, Change("aupr"), table.Mean("after.aupr") >= task.LeastAupr),
                .. task.Sets.Select(s => new Claim($"AUROC, {s}, %", "", Change($"{s}.auroc"))),
                new("with H(U;p): mean AUROC, %", "47 before, for TREC", Change("uniform.auroc")),
            ],
            [])
        {
            Numbers = table.Means(),
        };

        void Fit<TBatch>(Objective<TBatch> objective, ISampleSource<TBatch> train, int epochs, int batch, int seed)
            where TBatch : IBatch
        {
            var training = new TrainerOptions
            {
                Seed = seed,
                Length = Duration.Epochs(epochs),
                BatchSize = batch,
                Optimizer = new() { Kind = OptimizerKind.AdamW, LearningRate = 0.01, WeightDecay = 0 },
                Schedule = new() { Shape = ScheduleShape.Cosine },
            };
            using TrainingResult result = new Trainer(training).Fit(objective, train, cancellationToken: context.CancellationToken);
            context.CancellationToken.ThrowIfCancellationRequested();
        }

        void Measure(string when, SequenceClassifier model, int seed)
        {
            using var scope = torch.NewDisposeScope();
            using (var classifier = new TorchClassifier(model, splits.Test.InputShape, splits.Test.ClassCount))
                table.Add($"{when}.accuracy", 100 * Accuracy.Of(classifier.Probabilities(splits.Test.All().Inputs), splits.Test.Labels));
            var protocol = new DetectionProtocol(new() { RecallLevel = 0.9, Seed = seed });
            DetectionResult[] found = [.. sets.Values.Select(s => protocol.Measure(Scores(model, splits.Test, "msp"), Scores(model, s, "msp")))];
            table.Add($"{when}.fpr", 100 * found.Average(f => f.FalsePositiveRate));
            table.Add($"{when}.auroc", 100 * found.Average(f => f.Auroc));
            table.Add($"{when}.aupr", 100 * found.Average(f => f.AveragePrecision));
            foreach ((string set, DetectionResult result) in sets.Keys.Zip(found))
                table.Add($"{when}.{set}.auroc", 100 * result.Auroc);
            table.Add($"{when}.uniform.auroc", 100 * sets.Values.Average(s => protocol.Measure(Scores(model, splits.Test, "uniform-ce"), Scores(model, s, "uniform-ce")).Auroc));
        }

        Dataset Encoded(TextDocuments documents, int length) => TextEncoding.Rows(tokenizer, documents, [], length, TextFraming.None, PaddingSide.Before).To(context.Device);
    }

    private static double[] Scores(SequenceClassifier model, Dataset data, string detector)
    {
        using var scope = torch.NewDisposeScope();
        using var classifier = new TorchClassifier(model, data.InputShape, model.Classes);
        using var scorer = Detector.Create(detector, classifier);
        return scorer.Score(data.First(3000).Inputs).data<double>().ToArray();
    }

    private static TextDocuments All(string name)
    {
        LoadedText text = DataCatalog.Default.LoadText(new() { Name = name });
        return new(name, [.. text.Train.Documents, .. text.Validation.Documents, .. text.Test.Documents]);
    }

    private static TextDocuments OfTest(string name) => DataCatalog.Default.LoadText(new() { Name = name }).Test;

    private sealed record Task(string Data, string Title, int Length, int LongestOutlier, int Batch, int Epochs, string[] Sets, (string What, string Published)[] References, double MostFpr, double LeastAuroc, double LeastAupr);
}
