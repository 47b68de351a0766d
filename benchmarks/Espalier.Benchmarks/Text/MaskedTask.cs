using Espalier.Data;
using Espalier.Data.Sampling;
using Espalier.Data.Text;
using Espalier.Language.Corpora;
using Espalier.Language.Objectives;
using Espalier.Language.Tokenizers;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Training.Loop;
using Espalier.Training.Schedules;

namespace Espalier.Benchmarks.Text;

/// <summary>
/// The masked language model of the gMLP comparisons at the length of the paper's ablation: L = 6, e = 384, d = 64, n = 128,
/// dense matrices, batch 32. On generated sentences: what a step costs does not depend on what the text says.
/// </summary>
internal sealed class MaskedTask : IDisposable
{
    public const int Length = 128;
    public const int BatchSize = 32;
    public const double LearningRate = 2e-3;
    public const double WeightDecay = 0.01;
    public const double Epsilon = 1e-6;

    private readonly Dataset _data;

    public MaskedTask()
    {
        TextDocuments text = SentenceGrammar.Generate(6000, seed: 1);
        Tokenizer = new CharacterTokenizer(Enumerable.Range(' ', 64).Append('\n').Concat(Enumerable.Range('a', 26)), [SpecialToken.Mask]);
        _data = TextEncoding.Windows(Tokenizer, text, Length, stride: 1);
    }

    public CharacterTokenizer Tokenizer { get; }

    public Dataset Data => _data;

    public TrainerOptions Options(int steps) => new()
    {
        BatchSize = BatchSize,
        Length = Duration.Steps(steps),
        Optimizer = new() { LearningRate = LearningRate, WeightDecay = WeightDecay, Epsilon = Epsilon },
        Schedule = new() { Shape = ScheduleShape.Constant },
        ClipNorm = 1,
    };

    public MaskedLanguageModel NewModel() => new(new GmlpTextEncoder(new()
    {
        Vocabulary = Tokenizer.VocabularySize,
        MaxLength = Length,
        DModel = 64,
        DFfn = 384,
        Layers = 6,
        SpatialForm = SpatialForm.Dense,
    }, seed: 1), seed: 1);

    public MaskedLanguageObjective Objective(MaskedLanguageModel model) => new(model, Tokenizer, new(), seed: 1);

    /// <summary>The batches that the trainer would take, masked: inputs and targets [batch, tokens].</summary>
    public IReadOnlyList<MaskedTokenBatch> Batches(int count)
    {
        using MaskedLanguageModel model = NewModel();
        MaskedLanguageObjective objective = Objective(model);
        ISampleSource<MaskedTokenBatch> masked = objective.ForTraining(_data.Tokens());
        var stream = new SampleStream(_data.Count, new TrainerOptions().Seed);
        return [.. Enumerable.Range(0, count).Select(i => masked.Gather(stream.Take((long)i * BatchSize, BatchSize), (long)i * BatchSize))];
    }

    public void Dispose() => _data.Dispose();
}
