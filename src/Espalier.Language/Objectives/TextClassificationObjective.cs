using System.Runtime.InteropServices;
using Espalier.Data;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Tokenizers;
using Espalier.Networks;
using Espalier.Randomness;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Language.Objectives;

/// <summary>Cross-entropy of a classifier of tokens, with word dropout; judged by <c>loss</c> and <c>accuracy</c>.</summary>
public sealed class TextClassificationObjective : Objective<LabelledBatch>
{
    private const long Purpose = 0x776f7264;

    private readonly ClassificationObjective _classification;
    private readonly TextClassificationOptions _options;
    private readonly Tokenizer _tokenizer;
    private readonly int _seed;

    /// <summary>An objective for a model that maps tokens [batch, tokens] to logits [batch, classes].</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="tokenizer">The tokenizer of the data; has <c>[UNK]</c> where words are dropped.</param>
    /// <param name="options">Word dropout and label smoothing.</param>
    /// <param name="seed">The seed of the word dropout.</param>
    /// <exception cref="OptionsException">A value is out of range, or there is no <c>[UNK]</c>.</exception>
    public TextClassificationObjective(torch.nn.Module<Tensor, Tensor> model, Tokenizer tokenizer, TextClassificationOptions options, int seed)
    {
        options.Validate();
        if (options.WordDropout > 0)
            _ = tokenizer.Specials.Require(SpecialToken.Unknown, "word dropout");
        _classification = new ClassificationObjective(model, options.LabelSmoothing);
        (_tokenizer, _options, _seed) = (tokenizer, options, seed);
    }

    /// <inheritdoc/>
    public override torch.nn.Module Model => _classification.Model;

    /// <inheritdoc/>
    public override bool Decays(string name, Tensor parameter) => WeightDecay.Applies(name, parameter);

    /// <inheritdoc/>
    public override LabelledBatch Prepare(LabelledBatch batch)
    {
        if (_options.WordDropout == 0)
            return batch;
        int unknown = _tokenizer.Specials.Unknown!.Value;
        using Tensor old = batch.Inputs;
        using Tensor host = old.cpu();
        Tensor ids = host.alias();
        Span<long> tokens = MemoryMarshal.Cast<byte, long>(ids.bytes);
        int width = tokens.Length / batch.Count;
        for (int row = 0; row < batch.Count; row++)
        {
            var random = new SplitMix64(_seed, Purpose, batch.Position + row);
            foreach (ref long token in tokens.Slice(row * width, width))
            {
                if (!_tokenizer.Specials.Contains((int)token) && random.NextBernoulli(_options.WordDropout))
                    token = unknown;
            }
        }

        return batch with { Inputs = ids.MovedTo(old.device) };
    }

    /// <inheritdoc/>
    public override LossSum Step(LabelledBatch batch, TrainingState state) => _classification.Step(batch, state);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<LabelledBatch> data, EvaluationContext context) => _classification.Evaluate(data, context);
}
