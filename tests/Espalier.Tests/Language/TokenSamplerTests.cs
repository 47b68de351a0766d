using Espalier.Errors;
using Espalier.Language.Generation;

namespace Espalier.Tests.Language;

public sealed class TokenSamplerTests
{
    private static readonly HashSet<int> Nothing = [];
    private static readonly float[] Logits = [1f, 3f, 2f, -1f, 0f];

    private static double[] Softmax(double temperature, params int[] kept)
    {
        double[] weights = [.. Enumerable.Range(0, Logits.Length).Select(i => kept.Length == 0 || kept.Contains(i) ? Math.Exp(Logits[i] / temperature) : 0)];
        return [.. weights.Select(w => w / weights.Sum())];
    }

    private static void Near(double[] expected, double[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 12);
    }

    [Fact]
    public void Temperature_divides_logits()
    {
        Near(Softmax(1), new TokenSampler(new()).Probabilities(Logits, Nothing));
        Near(Softmax(0.5), new TokenSampler(new() { Temperature = 0.5 }).Probabilities(Logits, Nothing));
        Assert.Equal([0, 1, 0, 0, 0], new TokenSampler(new() { Temperature = 0 }).Probabilities(Logits, Nothing));
    }

    [Fact]
    public void Top_k_keeps_the_k_most_probable()
    {
        Near(Softmax(1, 1, 2), new TokenSampler(new() { TopK = 2 }).Probabilities(Logits, Nothing));
        Near(Softmax(2), new TokenSampler(new() { TopK = 9, Temperature = 2 }).Probabilities(Logits, Nothing));
        // Of equals the first one counts as the more probable.
        Assert.Equal([0.5, 0.5, 0, 0], new TokenSampler(new() { TopK = 2 }).Probabilities([1, 1, 1, 1], Nothing));
    }

    [Fact]
    public void Top_p_keeps_the_fewest_that_reach_it()
    {
        double[] p = Softmax(1);
        // 0.636 + 0.234 = 0.870
        Near(Softmax(1, 1), new TokenSampler(new() { TopP = p[1] }).Probabilities(Logits, Nothing));
        Near(Softmax(1, 1, 2), new TokenSampler(new() { TopP = p[1] + 1e-6 }).Probabilities(Logits, Nothing));
        Near(Softmax(1, 1, 2, 0), new TokenSampler(new() { TopP = p[1] + p[2] + 1e-6 }).Probabilities(Logits, Nothing));
        Near(Softmax(1), new TokenSampler(new() { TopP = 1 }).Probabilities(Logits, Nothing));
        Near(Softmax(1, 1), new TokenSampler(new() { TopP = 1e-9 }).Probabilities(Logits, Nothing));
    }

    [Fact]
    public void A_repetition_penalty_makes_what_was_seen_less_likely()
    {
        double[] actual = new TokenSampler(new() { RepetitionPenalty = 1.5 }).Probabilities(Logits, new HashSet<int> { 1, 3, 4 });
        double[] weights = [Math.Exp(1), Math.Exp(3 / 1.5), Math.Exp(2), Math.Exp(-1 * 1.5), Math.Exp(0)];
        Near([.. weights.Select(w => w / weights.Sum())], actual);
    }

    [Fact]
    public void Draws_follow_the_probabilities()
    {
        var sampler = new TokenSampler(new() { Temperature = 1.3, TopK = 4, Seed = 5 });
        double[] expected = sampler.Probabilities(Logits, Nothing);
        const int Draws = 100_000;
        int[] counts = new int[Logits.Length];
        for (int i = 0; i < Draws; i++)
            counts[sampler.Draw(Logits, Nothing, sample: i % 7, position: i)]++;
        Assert.Equal(0, counts[3]);
        // Chi-squared with 3 degrees of freedom: 16.3 is exceeded once in a thousand seeds.
        double chi = Enumerable.Range(0, 5).Where(i => expected[i] > 0).Sum(i => Math.Pow(counts[i] - (Draws * expected[i]), 2) / (Draws * expected[i]));
        Assert.InRange(chi, 0, 16.3);
        Assert.Equal(sampler.Draw(Logits, Nothing, 2, 9), new TokenSampler(new() { Temperature = 1.3, TopK = 4, Seed = 5 }).Draw(Logits, Nothing, 2, 9));
    }

    [Fact]
    public void Broken_logits_and_options_are_refused()
    {
        Assert.Contains("for token 1", Assert.Throws<DataException>(() => new TokenSampler(new()).Probabilities([0, float.NaN], Nothing)).Message, StringComparison.Ordinal);
        Assert.Equal("temperature", Assert.Throws<OptionsException>(() => new TokenSampler(new() { Temperature = -1 })).Option);
        Assert.Equal("topP", Assert.Throws<OptionsException>(() => new TokenSampler(new() { TopP = 0 })).Option);
        Assert.Equal("repetitionPenalty", Assert.Throws<OptionsException>(() => new TokenSampler(new() { RepetitionPenalty = 0.9 })).Option);
    }
}
