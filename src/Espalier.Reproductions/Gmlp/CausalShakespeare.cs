using System.Globalization;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Text;
using Espalier.Language.Corpora;
using Espalier.Language.Generation;
using Espalier.Language.Objectives;
using Espalier.Networks;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Runs.Reports;
using Espalier.Training.Loop;
using Espalier.Training.Schedules;

namespace Espalier.Reproductions.Gmlp;

/// <summary>
/// Text generation: a causal gMLP and a Transformer in nanoGPT's published setting for CPUs (context 64, batch 12, 2,000
/// steps), judged by the nats of a character over the whole validation part.
/// </summary>
internal static class CausalShakespeare
{
    private const int Length = 64;
    private const int Steps = 2000;

    private static readonly ModelOptions Gmlp = new()
    {
        Name = "gmlp_text",
        GmlpText = new() { DModel = 128, DFfn = 768, Layers = 5, SpatialForm = SpatialForm.Dense, Causal = true, SpatialInitStd = 0.002 },
    };

    private static readonly ModelOptions Transformer = new() { Name = "gpt", Gpt = new() { DModel = 128, DFfn = 512, Layers = 4, Heads = 4 } };

    public static ReproductionPart Run(ReproductionContext context)
    {
        LoadedText loaded = DataCatalog.Default.LoadText(new() { Name = "tinyshakespeare" });
        using TokenizedText text = TextEncoding.Encode(loaded, new TextOptions { Length = Length }, [], extra: 1);
        DatasetSplits splits = text.Splits.To(context.Device);
        string[] vocabulary = Words(loaded.Train.Documents[0]);
        var table = new SeedTable();
        var series = new List<ChartSeries>();
        string sample = "";
        foreach (int seed in context.AllSeeds)
        {
            sample = Train("gMLP", "gmlp", Gmlp, seed, written: true);

            // The rival once: it is there for orientation.
            if (seed == context.FirstSeed)
                Train("Transformer", "transformer", Transformer, seed, written: false);
        }

        return new ReproductionPart("causal",
            string.Create(CultureInfo.InvariantCulture, $"tinyshakespeare by characters, context {Length}, batch 12, {Steps:N0} steps, AdamW (0.9, 0.99) at 0.001, decay 0.1; nats of a character over the whole validation part; {context.SeedsText}. Written by the last gMLP: {sample.ReplaceLineEndings(" ")}"),
            [
                new("parameters, gMLP", "776,321", table.Whole("gmlp.parameters"), table.Mean("gmlp.parameters") == 776_321),
                new("nats per character, gMLP", "1.717, at most 1.76", table.Text("gmlp"), table.Max("gmlp") <= 1.76),
                new("parameters, Transformer", "809,921", table.Whole("transformer.parameters"), table.Mean("transformer.parameters") == 809_921),
                new("nats per character, Transformer", "1.878 (nanoGPT 1.88)", table.Text("transformer")),
                new("gMLP below the Transformer", "1.717 < 1.878", string.Create(CultureInfo.InvariantCulture, $"{table.Max("gmlp"):0.000} < {table.Min("transformer"):0.000}"), table.Max("gmlp") < table.Min("transformer")),
                new("share of 500 written characters' words that the training text has", "at least 0.8", table.Text("gmlp.words"), table.Min("gmlp.words") >= 0.8),
            ],
            [("Validation loss", new LineChart { Description = "Validation loss of gMLP and Transformer over the steps, seed 1", XLabel = "step", YLabel = "nats per character", Series = series }.ToSvg())])
        {
            Numbers = table.Means(),
        };

        string Train(string name, string key, ModelOptions options, int seed, bool written)
        {
            using var model = new CausalLanguageModel(ModelZoo.CreateText(options, text.Tokenizer.VocabularySize, Length, new TextTokens(), seed));
            model.to(context.Device);
            var points = new List<(double, double)>();
            var listener = new EvaluationListener((step, numbers) => points.Add((step, numbers["loss"])));
            using TrainingResult result = new Trainer(Options(seed)).Fit(new CausalLanguageObjective(model), splits.Train.Tokens(), new() { Validation = splits.Validation.Tokens(), Progress = listener }, context.CancellationToken);
            context.CancellationToken.ThrowIfCancellationRequested();
            table.Add(key, points[^1].Item2);
            table.Add($"{key}.parameters", model.parameters().Sum(p => p.numel()));
            table.Add($"{key}.seconds", result.TrainingTime.TotalSeconds);
            if (seed == context.FirstSeed)
                series.Add(new(name, points));
            context.Report(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {name}, {points[^1].Item2:0.000} nats in {result.TrainingTime.TotalSeconds:0} s"));
            if (!written)
                return "";
            string writing = new TextGenerator(model, text.Tokenizer).Generate("\n", new GenerationOptions { Length = 500, Temperature = 0.8, Seed = seed }, context.CancellationToken)[0].Text;
            string[] words = Words(writing);
            table.Add("gmlp.words", (double)words.Count(w => Array.BinarySearch(vocabulary, w, StringComparer.Ordinal) >= 0) / words.Length);
            return writing;
        }
    }

    private static TrainerOptions Options(int seed) => new()
    {
        Seed = seed,
        BatchSize = 12,
        Length = Duration.Steps(Steps),
        Optimizer = new() { LearningRate = 1e-3, Beta2 = 0.99, WeightDecay = 0.1 },
        Schedule = new() { Shape = ScheduleShape.Linear, Warmup = Duration.Steps(100) },
        ClipNorm = 1,
        EvaluateEvery = Duration.Steps(500),
    };

    // Every word of a text in lower case; of the training text sorted, of a written one in order and with repetition.
    private static string[] Words(string text)
    {
        string[] words = [.. text.Split([.. text.Where(c => !char.IsLetter(c) && c != '\'').Distinct()], StringSplitOptions.RemoveEmptyEntries).Select(w => w.ToUpperInvariant())];
        return text.Length > 100_000 ? [.. words.Distinct().Order(StringComparer.Ordinal)] : words;
    }
}
