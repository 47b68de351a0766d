using Espalier.Data;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Tokenizers;
using Espalier.Networks;
using Espalier.Networks.Text;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Language.Objectives;

/// <summary>
/// The cross-entropy of hidden tokens (Devlin et al. 2019). Its sum is weighted by the number of chosen tokens, which
/// varies: the trainer divides by the number of the whole step, over micro-batches and ranks, so that both change
/// nothing. The vocabulary is scored at chosen tokens only. Judged by <c>loss</c>, <c>perplexity</c> and <c>accuracy</c>
/// over all chosen tokens of the data, the same ones each time.
/// </summary>
public sealed class MaskedLanguageObjective : Objective<MaskedTokenBatch>
{
    private const int EvaluationBatch = 64;

    private readonly MaskedLanguageModel _model;
    private readonly TokenMasking _masking;
    private readonly MaskingOptions _options;
    private readonly int _seed;

    /// <summary>An objective for a model.</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="tokenizer">The tokenizer of the data; has <c>[MASK]</c>.</param>
    /// <param name="options">Which tokens are hidden.</param>
    /// <param name="seed">The seed of the masks in training.</param>
    /// <exception cref="OptionsException">A value is out of range, there is no <c>[MASK]</c>, or the vocabularies differ.</exception>
    public MaskedLanguageObjective(MaskedLanguageModel model, Tokenizer tokenizer, MaskingOptions options, int seed)
    {
        OptionsException.Require(model.Encoder.Vocabulary == tokenizer.VocabularySize, "vocabulary", model.Encoder.Vocabulary, $"must be the tokenizer's, {tokenizer.VocabularySize}");
        (_model, _options, _seed) = (model, options, seed);
        _masking = new TokenMasking(options, tokenizer);
    }

    /// <inheritdoc/>
    public override torch.nn.Module Model => _model;

    /// <inheritdoc/>
    public override bool Decays(string name, Tensor parameter) => WeightDecay.Applies(name, parameter);

    /// <summary>Rows of tokens with masks that differ each time a row is seen: a function of the seed and its place in the sample stream.</summary>
    /// <param name="data">The rows, in this objective's tokens.</param>
    public ISampleSource<MaskedTokenBatch> ForTraining(ISampleSource<TokenBatch> data) => data.Select(b => Masked(b, _seed));

    /// <summary>Rows of tokens with masks that are the same each time.</summary>
    /// <param name="data">The rows, in this objective's tokens.</param>
    public ISampleSource<MaskedTokenBatch> ForEvaluation(ISampleSource<TokenBatch> data) => data.Select(b => Masked(b, _options.EvaluationSeed));

    /// <inheritdoc/>
    public override LossSum Step(MaskedTokenBatch batch, TrainingState state)
    {
        (Tensor loss, Tensor _, long chosen) = Loss(batch.Tokens, batch.Targets);
        return new LossSum(loss, chosen);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<MaskedTokenBatch> data, EvaluationContext context)
    {
        var tally = new TokenTally();
        using var noGradients = torch.no_grad();
        foreach (MaskedTokenBatch batch in data.InBatches(EvaluationBatch))
        {
            using var scope = torch.NewDisposeScope();
            (Tensor loss, Tensor right, long chosen) = Loss(batch.Tokens, batch.Targets);
            tally.Add(loss.ToDouble(), right.ToDouble(), chosen);
        }

        return tally.Numbers(data.Name);
    }

    private MaskedTokenBatch Masked(TokenBatch batch, int seed)
    {
        using (batch)
        {
            using Tensor host = batch.Tokens.cpu();
            (Tensor inputs, Tensor targets) = _masking.Apply(host, seed, batch.Position);
            return new MaskedTokenBatch(inputs.MovedTo(batch.Tokens.device), targets.MovedTo(batch.Tokens.device)) { Position = batch.Position };
        }
    }

    private (Tensor Loss, Tensor Right, long Chosen) Loss(Tensor inputs, Tensor targets)
    {
        Tensor hidden = _model.Encoder.Encode(inputs);                                  // [batch, tokens, d]
        Tensor flat = targets.reshape(-1);
        Tensor places = flat.ne(TokenMasking.Ignored).nonzero().squeeze(1);             // [chosen]
        long chosen = places.shape[0];

        // Nothing to find: a zero that hangs on the graph, so that the backward pass goes on as always.
        if (chosen == 0)
            return (hidden.sum() * 0, torch.zeros(1), 0);
        Tensor logits = _model.Project(hidden.reshape(-1, hidden.shape[2]).index_select(0, places)); // [chosen, vocabulary]
        Tensor wanted = flat.index_select(0, places);
        Tensor loss = torch.nn.functional.cross_entropy(logits, wanted, reduction: torch.nn.Reduction.Sum);
        using var noGradients = torch.no_grad();
        return (loss, logits.argmax(1).eq(wanted).sum(), chosen);
    }
}
