using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Data.Text;

/// <summary>
/// A small generated language whose every probability is known: what a perfect model of it scores is a closed form. A
/// sentence is <c>the [adjective] noun verb [the [adjective] noun].</c>; verbs agree with their subject in number, and
/// adjectives tell the sentence's mood, its class, most of the time.
/// </summary>
public static class SentenceGrammar
{
    private const double Described = 0.6;
    private const double Plural = 0.5;
    private const double Faithful = 0.9;

    private static readonly string[][] Adjectives = [["grey", "old", "sad", "dry"], ["warm", "new", "kind", "bright"]];
    private static readonly string[] Nouns = ["cat", "bird", "girl", "farmer", "tree", "ship", "king", "stone"];
    private static readonly string[] Transitive = ["see", "hear", "like", "lift"];
    private static readonly string[] Intransitive = ["sleep", "wait", "run", "fall"];

    /// <summary>The classes: the moods of a sentence.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = ["grim", "glad"];

    /// <summary>The entropy of a sentence, its line break included, in nats.</summary>
    public static double NatsPerSentence
    {
        get
        {
            // The second adjective is of the first one's mood if both are faithful or neither is.
            double phrase = Binary(Described) + Math.Log(Nouns.Length) + Binary(Plural);
            double one = Math.Log(2 * Adjectives[0].Length);
            double second = Binary((Faithful * Faithful) + ((1 - Faithful) * (1 - Faithful))) + Math.Log(Adjectives[0].Length);
            double verb = Math.Log(Transitive.Length + Intransitive.Length);
            double hasObject = (double)Transitive.Length / (Transitive.Length + Intransitive.Length);
            return phrase + (Described * one) + verb + (hasObject * (phrase + (Described * ((Described * second) + ((1 - Described) * one)))));
        }
    }

    /// <summary>The mean number of characters of a sentence, its line break included.</summary>
    public static double CharactersPerSentence
    {
        get
        {
            double adjective = Adjectives.SelectMany(a => a).Average(a => a.Length + 1);
            double phrase = "the ".Length + (Described * adjective) + Nouns.Average(n => n.Length) + Plural;
            double verb = 1 + Transitive.Concat(Intransitive).Average(v => v.Length) + (1 - Plural);
            double hasObject = (double)Transitive.Length / (Transitive.Length + Intransitive.Length);
            return phrase + verb + (hasObject * (1 + phrase)) + ".\n".Length;
        }
    }

    /// <summary>The best mean cross-entropy of a character given all before it, in nats: no causal model does better in the long run.</summary>
    public static double NatsPerCharacter => NatsPerSentence / CharactersPerSentence;

    /// <summary>The accuracy of the best possible classifier of moods: it is right as often as an adjective, if there is one.</summary>
    public static double BestAccuracy
    {
        get
        {
            double hasObject = (double)Transitive.Length / (Transitive.Length + Intransitive.Length);
            double none = (1 - Described) * (1 - (hasObject * Described));
            return (none / 2) + ((1 - none) * Faithful);
        }
    }

    /// <summary>Draws sentences; a pure function of its arguments.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>One sentence per document, with its mood.</returns>
    public static TextDocuments Generate(int count, int seed)
    {
        OptionsException.Require(count >= 1, "samples", count, "must be at least 1");
        var sentences = new string[count];
        int[] moods = new int[count];
        for (int i = 0; i < count; i++)
        {
            var random = new SplitMix64(seed, 0x73656e74, i);
            moods[i] = random.NextBelow(2);
            sentences[i] = Sentence(ref random, moods[i]);
        }

        return new TextDocuments("sentences", sentences, moods);
    }

    private static string Sentence(ref SplitMix64 random, int mood)
    {
        string subject = Phrase(ref random, mood, out bool isPlural);
        int verb = random.NextBelow(Transitive.Length + Intransitive.Length);
        bool hasObject = verb < Transitive.Length;
        string word = (hasObject ? Transitive[verb] : Intransitive[verb - Transitive.Length]) + (isPlural ? "" : "s");
        return hasObject ? $"{subject} {word} {Phrase(ref random, mood, out _)}." : $"{subject} {word}.";
    }

    private static string Phrase(ref SplitMix64 random, int mood, out bool isPlural)
    {
        string adjective = "";
        if (random.NextBernoulli(Described))
        {
            string[] of = Adjectives[random.NextBernoulli(Faithful) ? mood : 1 - mood];
            adjective = of[random.NextBelow(of.Length)] + " ";
        }

        string noun = Nouns[random.NextBelow(Nouns.Length)];
        isPlural = random.NextBernoulli(Plural);
        return $"the {adjective}{noun}{(isPlural ? "s" : "")}";
    }

    private static double Binary(double p) => -(p * Math.Log(p)) - ((1 - p) * Math.Log(1 - p));
}
