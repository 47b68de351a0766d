using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Language.Tokenizers;

/// <summary>
/// One token per word, the most frequent first. Words that the vocabulary lacks become <c>[UNK]</c>; white space is not
/// kept, so that decoding joins words by single spaces.
/// </summary>
public sealed class WordTokenizer : Tokenizer
{
    private readonly string[] _words;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly WordSplit _split;
    private readonly bool _lowerCase;

    /// <summary>A tokenizer of given words.</summary>
    /// <param name="words">The words, each once; the first has id 0.</param>
    /// <param name="specials">The special tokens it shall have; <see cref="SpecialToken.Unknown"/> is always among them.</param>
    /// <param name="split">Where a word ends.</param>
    /// <param name="lowerCase">Whether upper case counts as lower case.</param>
    /// <exception cref="DataException">There are no words, or one stands twice.</exception>
    public WordTokenizer(IEnumerable<string> words, IEnumerable<SpecialToken> specials, WordSplit split = WordSplit.Whitespace, bool lowerCase = false)
        : this([.. words], specials, split, lowerCase)
    {
    }

    private WordTokenizer(string[] words, IEnumerable<SpecialToken> specials, WordSplit split, bool lowerCase)
        : base(SpecialTokens.Behind(words.Length, [.. specials, SpecialToken.Unknown]))
    {
        if (words.Length == 0)
            throw new DataException("vocabulary", "has no words", "give a longer text, or a smaller minimumCount");
        _words = words;
        _ids = new Dictionary<string, int>(words.Length, StringComparer.Ordinal);
        for (int i = 0; i < words.Length; i++)
        {
            if (!_ids.TryAdd(words[i], i))
                throw new DataException("vocabulary", $"holds the word '{words[i]}' twice", "give each word once");
        }

        _lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        (_split, _lowerCase) = (split, lowerCase);
    }

    /// <inheritdoc/>
    public override int VocabularySize => _words.Length + Specials.Count;

    /// <inheritdoc/>
    internal override TokenizerContent Content => new() { Kind = TokenizerKind.Word, Specials = [.. Specials.Tokens], Words = _words, Split = _split, LowerCase = _lowerCase };

    /// <summary>The tokenizer of the most frequent words of some texts; equally frequent ones stand in the order of their code units.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="options">How often a word must occur, how many there may be, and where one ends.</param>
    /// <param name="specials">The special tokens it shall have.</param>
    /// <exception cref="DataException">No word occurs often enough.</exception>
    public static WordTokenizer Train(IEnumerable<string> texts, TokenizerOptions options, IEnumerable<SpecialToken> specials)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            foreach (Range word in Words.In(text, options.Split))
            {
                string key = Cased(text[word], options.LowerCase);
                counts[key] = counts.GetValueOrDefault(key) + 1;
            }
        }

        string[] kept = [.. counts.Where(c => c.Value >= options.MinimumCount).OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Take(options.VocabularySize).Select(c => c.Key)];
        return new WordTokenizer(kept, specials, options.Split, options.LowerCase);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Encode(string text)
    {
        string cased = Cased(text, _lowerCase);
        int unknown = Specials.Unknown!.Value;
        var ids = new List<int>();
        foreach (Range word in Words.In(cased, _split))
            ids.Add(_lookup.TryGetValue(cased.AsSpan()[word], out int id) ? id : unknown);
        return ids;
    }

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids) => string.Join(' ', ids.Where(id => Checked(id) < _words.Length).Select(id => _words[id]));

#pragma warning disable CA1308 // The words of a language model are in lower case by convention.
    private static string Cased(string text, bool lower) => lower ? text.ToLowerInvariant() : text;
#pragma warning restore CA1308
}
