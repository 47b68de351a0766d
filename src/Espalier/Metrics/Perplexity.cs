using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// The exponential of the mean negative log-likelihood of a token: how many equally likely tokens would be as hard to
/// guess. Taken over all tokens at once; a mean of the perplexities of batches is another, larger number.
/// </summary>
public static class Perplexity
{
    /// <summary>The perplexity; at least 1, and the size of the vocabulary for a uniform guess.</summary>
    /// <param name="nats">The summed negative log-likelihood of all tokens, natural logarithm.</param>
    /// <param name="count">Number of tokens, at least 1.</param>
    /// <exception cref="OptionsException">There are no tokens.</exception>
    public static double Of(double nats, long count)
    {
        OptionsException.Require(count >= 1, nameof(count), count, "must be at least 1");
        return Math.Exp(nats / count);
    }

    /// <summary>Bits per character: what a compressor with this model would need.</summary>
    /// <param name="nats">The mean negative log-likelihood of a token.</param>
    /// <param name="charactersPerToken">Characters over tokens of the text; 1 for a model of characters.</param>
    /// <exception cref="OptionsException">The ratio is not above 0.</exception>
    public static double BitsPerCharacter(double nats, double charactersPerToken = 1)
    {
        OptionsException.Require(charactersPerToken > 0, nameof(charactersPerToken), charactersPerToken, "must be above 0");
        return nats / Math.Log(2) / charactersPerToken;
    }
}
