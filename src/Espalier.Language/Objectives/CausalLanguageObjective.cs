using Espalier.Data;
using Espalier.Data.Text;
using Espalier.Metrics;
using Espalier.Networks;
using Espalier.Networks.Text;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Language.Objectives;

/// <summary>
/// The cross-entropy of each next token. Rows hold one token more than the model sees; pads are not predicted. Its sum is
/// weighted by the number of predicted tokens. Judged by <c>loss</c> (nats per token), <c>perplexity</c>, <c>accuracy</c>
/// and <c>bitsPerCharacter</c>.
/// </summary>
public sealed class CausalLanguageObjective : Objective<TokenBatch>
{
    private const int EvaluationBatch = 64;
    private const long Ignored = -100;

    private readonly CausalLanguageModel _model;
    private readonly double _charactersPerToken;

    /// <summary>An objective for a model.</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="charactersPerToken">Characters over tokens of the text; 1 for a model of characters.</param>
    public CausalLanguageObjective(CausalLanguageModel model, double charactersPerToken = 1) => (_model, _charactersPerToken) = (model, charactersPerToken);

    /// <inheritdoc/>
    public override torch.nn.Module Model => _model;

    /// <inheritdoc/>
    public override bool Decays(string name, Tensor parameter) => WeightDecay.Applies(name, parameter);

    /// <inheritdoc/>
    public override LossSum Step(TokenBatch batch, TrainingState state)
    {
        (Tensor loss, Tensor _, long count) = Loss(batch.Tokens);
        return new LossSum(loss, count);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<TokenBatch> data, EvaluationContext context)
    {
        var tally = new TokenTally();
        using var noGradients = torch.no_grad();
        foreach (TokenBatch batch in data.InBatches(EvaluationBatch))
        {
            using var scope = torch.NewDisposeScope();
            (Tensor loss, Tensor right, long count) = Loss(batch.Tokens);
            tally.Add(loss.ToDouble(), right.ToDouble(), count);
        }

        Dictionary<string, double> numbers = tally.Numbers(data.Name);
        numbers["bitsPerCharacter"] = Perplexity.BitsPerCharacter(numbers["loss"], _charactersPerToken);
        return numbers;
    }

    // rows: [batch, tokens + 1]
    private (Tensor Loss, Tensor Right, long Count) Loss(Tensor rows)
    {
        long width = rows.shape[1] - 1;
        Tensor logits = _model.call(rows.narrow(1, 0, width));                          // [batch, tokens, vocabulary]
        Tensor flat = logits.reshape(-1, logits.shape[2]);
        Tensor targets = rows.narrow(1, 1, width).reshape(-1);
        long count = targets.shape[0];
        if (_model.Encoder.PadToken is { } pad)
        {
            using var noGradients = torch.no_grad();
            Tensor isPad = targets.eq(pad);
            count -= isPad.sum().item<long>();
            targets = targets.masked_fill(isPad, Ignored);
        }

        Tensor loss = torch.nn.functional.cross_entropy(flat, targets, ignore_index: Ignored, reduction: torch.nn.Reduction.Sum);
        using var _ = torch.no_grad();
        return (loss, flat.argmax(1).eq(targets).sum(), count);
    }
}
