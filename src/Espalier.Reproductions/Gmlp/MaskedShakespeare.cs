using System.Globalization;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Corpora;
using Espalier.Language.Objectives;
using Espalier.Networks;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Training.Loop;
using Espalier.Training.Schedules;

namespace Espalier.Reproductions.Gmlp;

/// <summary>
/// The common setting of the comparisons of text models: tinyshakespeare by characters, windows of 64 at random offsets,
/// batch 32, masked tokens; AdamW (0.9, 0.999, 1e-6) at 2e-3 with 100 steps of warm-up and a linear fall to zero, decay
/// 0.01, gradients clipped at 1. Judged by the perplexity of 15 % of the first 864 windows of the validation part.
/// </summary>
internal sealed class MaskedShakespeare : IDisposable
{
    public const int Length = 64;
    public const int Steps = 1500;
    private const int EvaluateEvery = 125;

    // A model that several parts compare with is trained once.
    private static readonly Dictionary<(ModelOptions Model, int Seed, int Steps), TextCurve> Known = [];

    private readonly TokenizedText _text;
    private readonly DatasetSplits _splits;
    private readonly ReproductionContext _context;

    private MaskedShakespeare(TokenizedText text, ReproductionContext context) => (_text, _splits, _context) = (text, text.Splits.To(context.Device), context);

    /// <summary>What a report says of it.</summary>
    public static string Summary(ReproductionContext context) => string.Create(CultureInfo.InvariantCulture,
        $"tinyshakespeare by characters, windows of {Length}, batch 32, {Steps:N0} steps, d = 64, AdamW at 0.002, 15 % of the tokens masked; perplexity of the masked tokens of 864 validation windows; {context.SeedsText}.");

    /// <exception cref="DataException">The file is not here.</exception>
    public static MaskedShakespeare Load(ReproductionContext context) => new(TextEncoding.Encode(
        DataCatalog.Default.LoadText(new() { Name = "tinyshakespeare" }), new TextOptions { Length = Length, EvaluationWindows = 864 }, [SpecialToken.Mask]), context);

    /// <summary>A gMLP of the setting.</summary>
    public static ModelOptions Gmlp(int layers, int inner, GateForm gate = GateForm.MultiplicativeSplit, SpatialForm form = SpatialForm.Dense, int? attention = null) => new()
    {
        Name = "gmlp_text",
        GmlpText = new() { DModel = 64, DFfn = inner, Layers = layers, GateForm = gate, SpatialForm = form, DAttention = attention },
    };

    /// <summary>A Transformer of the setting.</summary>
    public static ModelOptions Transformer(PositionKind positions) => new()
    {
        Name = "gpt",
        Gpt = new() { DModel = 64, DFfn = 256, Layers = 4, Heads = 4, Causal = false, Positions = positions },
    };

    /// <summary>Trains a model, unless it was trained before.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="options">Its shape.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="steps">Optimizer steps.</param>
    /// <param name="watch">Shown the encoder after each evaluation with the steps done; a model that is watched is trained anew.</param>
    public TextCurve Train(string name, ModelOptions options, int seed, int steps = Steps, Action<TextEncoder, double>? watch = null)
    {
        if (watch is null && Known.TryGetValue((options, seed, steps), out TextCurve? known))
            return known;
        using var model = new MaskedLanguageModel(ModelZoo.CreateText(options, _text.Tokenizer.VocabularySize, Length, new TextTokens(), seed), MlmHead.Plain, seed);
        model.to(_context.Device);
        var points = new List<(double, double)>();
        var listener = new EvaluationListener((step, numbers) =>
        {
            points.Add((step, numbers["perplexity"]));
            if (step % (4 * EvaluateEvery) == 0 && step < steps)
                _context.Report(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {name}, perplexity {numbers["perplexity"]:0.000} after {step} steps"));
            watch?.Invoke(model.Encoder, step);
        });
        var objective = new MaskedLanguageObjective(model, _text.Tokenizer, new MaskingOptions(), seed);
        using TrainingResult result = new Trainer(Options(seed, steps)).Fit(objective, objective.ForTraining(_splits.Train.Tokens()), new() { Validation = objective.ForEvaluation(_splits.Validation.Tokens()), Progress = listener }, _context.CancellationToken);
        _context.CancellationToken.ThrowIfCancellationRequested();
        var curve = new TextCurve(model.parameters().Sum(p => p.numel()), points, result.TrainingTime.TotalSeconds);
        Known[(options, seed, steps)] = curve;
        _context.Report(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {name}, {curve.Parameters:N0} weights, perplexity {curve.Final:0.000} after {steps} steps in {curve.Seconds:0} s"));
        return curve;
    }

    public void Dispose()
    {
        _splits.Dispose();
        _text.Dispose();
    }

    private static TrainerOptions Options(int seed, int steps) => new()
    {
        Seed = seed,
        BatchSize = 32,
        Length = Duration.Steps(steps),
        Optimizer = new() { LearningRate = 2e-3, Epsilon = 1e-6, WeightDecay = 0.01 },
        Schedule = new() { Shape = ScheduleShape.Linear, Warmup = Duration.Steps(100) },
        ClipNorm = 1,
        EvaluateEvery = Duration.Steps(EvaluateEvery),
    };
}
