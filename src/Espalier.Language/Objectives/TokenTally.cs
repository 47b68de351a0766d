using Espalier.Errors;
using Espalier.Metrics;

namespace Espalier.Language.Objectives;

/// <summary>Adds up what an evaluation finds over its batches.</summary>
internal sealed class TokenTally
{
    private double _loss;
    private double _right;
    private long _count;

    public void Add(double loss, double right, long count)
    {
        _loss += loss;
        _right += right;
        _count += count;
    }

    /// <summary>Mean loss in nats, perplexity, and the share of tokens that scored highest.</summary>
    /// <exception cref="DataException">No token was judged.</exception>
    public Dictionary<string, double> Numbers(string data) => _count > 0
        ? new() { ["loss"] = _loss / _count, ["perplexity"] = Perplexity.Of(_loss, _count), ["accuracy"] = _right / _count }
        : throw new DataException(data, "has no token to judge a model by", "give a longer text");
}
