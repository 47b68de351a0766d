using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Language.Generation;

/// <summary>Chooses the next token from logits: repetition penalty, temperature, top-k, top-p, and a draw, in this order.</summary>
public sealed class TokenSampler
{
    private const long Purpose = 0x64726177;

    private readonly GenerationOptions _options;

    /// <summary>Creates a sampler.</summary>
    /// <param name="options">Temperature and the rest.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public TokenSampler(GenerationOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <summary>The probabilities that a token is drawn with.</summary>
    /// <param name="logits">One per token.</param>
    /// <param name="seen">The tokens that stand in the text already, for the repetition penalty.</param>
    /// <returns>One per token, summing to 1; 0 for what top-k and top-p leave out.</returns>
    /// <exception cref="DataException">A logit is NaN, or infinite upwards.</exception>
    public double[] Probabilities(ReadOnlySpan<float> logits, IReadOnlySet<int> seen)
    {
        double[] scores = Penalised(logits, seen);
        int best = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (double.IsNaN(scores[i]) || double.IsPositiveInfinity(scores[i]))
                throw new DataException("logits", $"hold {scores[i]} for token {i}", "the model's weights are broken: load or train it again");
            best = scores[i] > scores[best] ? i : best;
        }

        double[] probabilities = new double[scores.Length];
        if (_options.Temperature == 0)
        {
            probabilities[best] = 1;
            return probabilities;
        }

        double highest = scores[best];
        for (int i = 0; i < scores.Length; i++)
            probabilities[i] = Math.Exp((scores[i] - highest) / _options.Temperature);
        Normalize(probabilities);
        if (_options.TopK is null && _options.TopP is null or 1)
            return probabilities;

        // Of equally probable tokens the one with the smaller id counts as the more probable one.
        int[] order = [.. Enumerable.Range(0, scores.Length).OrderByDescending(i => probabilities[i]).ThenBy(i => i)];
        Cut(probabilities, order, Math.Min(_options.TopK ?? order.Length, order.Length));
        if (_options.TopP is { } mass)
        {
            int kept = 0;
            for (double sum = 0; kept < order.Length && sum < mass - 1e-12; kept++)
                sum += probabilities[order[kept]];
            Cut(probabilities, order, Math.Max(1, kept));
        }

        return probabilities;
    }

    /// <summary>Draws a token. The draw is a function of the seed, the text and the position alone.</summary>
    /// <param name="logits">One per token.</param>
    /// <param name="seen">The tokens that stand in the text already.</param>
    /// <param name="sample">Which of the texts written side by side.</param>
    /// <param name="position">How many new tokens it has.</param>
    public int Draw(ReadOnlySpan<float> logits, IReadOnlySet<int> seen, int sample, int position)
    {
        double[] probabilities = Probabilities(logits, seen);
        var random = new SplitMix64(_options.Seed, Purpose + sample, position);
        double at = random.NextDouble();
        int last = 0;
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] == 0)
                continue;
            last = i;
            if ((at -= probabilities[i]) < 0)
                break;
        }

        return last;
    }

    private double[] Penalised(ReadOnlySpan<float> logits, IReadOnlySet<int> seen)
    {
        double[] scores = new double[logits.Length];
        for (int i = 0; i < scores.Length; i++)
            scores[i] = logits[i];
        if (_options.RepetitionPenalty == 1)
            return scores;
        foreach (int token in seen)
            scores[token] = scores[token] > 0 ? scores[token] / _options.RepetitionPenalty : scores[token] * _options.RepetitionPenalty;
        return scores;
    }

    private static void Cut(double[] probabilities, int[] order, int kept)
    {
        foreach (int i in order.AsSpan(kept))
            probabilities[i] = 0;
        Normalize(probabilities);
    }

    private static void Normalize(double[] values)
    {
        double sum = values.Sum();
        for (int i = 0; i < values.Length; i++)
            values[i] /= sum;
    }
}
