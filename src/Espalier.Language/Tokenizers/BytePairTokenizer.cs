using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Language.Tokenizers;

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016) over bytes, as GPT-2 has it: a text is cut into words, numbers and runs of
/// marks, and in each of these the pair of tokens that was merged first in training is merged, until none is left. Every
/// text has an encoding, and decoding gives it back exactly.
/// </summary>
public sealed partial class BytePairTokenizer : Tokenizer
{
    private const int Bytes = 256;
    private const int MostCached = 1 << 16;

    private readonly (int Left, int Right)[] _merges;
    private readonly byte[][] _tokens;
    private readonly Dictionary<long, int> _ranks;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);

    /// <summary>A tokenizer of given merges.</summary>
    /// <param name="merges">In order: merge i makes token 256 + i of two tokens before it.</param>
    /// <param name="specials">The special tokens it shall have.</param>
    /// <exception cref="DataException">A merge names a token that there is not yet, or stands twice.</exception>
    public BytePairTokenizer(IEnumerable<(int Left, int Right)> merges, IEnumerable<SpecialToken> specials) : this([.. merges], specials)
    {
    }

    private BytePairTokenizer((int Left, int Right)[] merges, IEnumerable<SpecialToken> specials) : base(SpecialTokens.Behind(Bytes + merges.Length, specials))
    {
        _merges = merges;
        _tokens = new byte[Bytes + merges.Length][];
        for (int i = 0; i < Bytes; i++)
            _tokens[i] = [(byte)i];
        _ranks = new Dictionary<long, int>(merges.Length);
        for (int i = 0; i < merges.Length; i++)
        {
            (int left, int right) = merges[i];
            if ((uint)left >= (uint)(Bytes + i) || (uint)right >= (uint)(Bytes + i))
                throw new DataException($"merge {i}", $"joins {left} and {right}", $"it may join tokens 0 to {Bytes + i - 1}");
            if (!_ranks.TryAdd(BytePairTrainer.Key(left, right), i))
                throw new DataException($"merge {i}", $"joins {left} and {right} again", "give each merge once");
            _tokens[Bytes + i] = [.. _tokens[left], .. _tokens[right]];
        }
    }

    /// <inheritdoc/>
    public override int VocabularySize => _tokens.Length + Specials.Count;

    /// <summary>The merges in order: merge i makes token 256 + i.</summary>
    public IReadOnlyList<(int Left, int Right)> Merges => _merges;

    /// <inheritdoc/>
    internal override TokenizerContent Content => new() { Kind = TokenizerKind.BytePair, Specials = [.. Specials.Tokens], Merges = [.. _merges.SelectMany(m => new[] { m.Left, m.Right })] };

    /// <summary>Learns merges: again and again the most frequent pair of neighbours within a word becomes a token.</summary>
    /// <param name="texts">What to learn from.</param>
    /// <param name="vocabularySize">The largest number of tokens, special ones left out, at least 256; fewer where no pair occurs twice.</param>
    /// <param name="specials">The special tokens it shall have.</param>
    /// <exception cref="OptionsException">The size is out of range.</exception>
    public static BytePairTokenizer Train(IEnumerable<string> texts, int vocabularySize, IEnumerable<SpecialToken> specials)
    {
        OptionsException.Require(vocabularySize >= Bytes, nameof(vocabularySize), vocabularySize, "must be at least 256: each byte is a token");
        return new BytePairTokenizer(BytePairTrainer.Learn(texts.SelectMany(Pieces), vocabularySize - Bytes), specials);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Encode(string text)
    {
        var ids = new List<int>(text.Length / 3);
        foreach (string piece in Pieces(text))
            ids.AddRange(EncodePiece(piece));
        return ids;
    }

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids)
    {
        var bytes = new List<byte>();
        foreach (int id in ids)
        {
            if (Checked(id) < _tokens.Length)
                bytes.AddRange(_tokens[id]);
        }

        return WideUtf8.Decode([.. bytes]);
    }

    /// <summary>The bytes of an ordinary token.</summary>
    internal ReadOnlySpan<byte> BytesOf(int id) => _tokens[id];

    /// <summary>The words, numbers and runs of marks of a text, each with the space before it; together they are the text.</summary>
    internal static IEnumerable<string> Pieces(string text)
    {
        foreach (Match match in Piece().Matches(text))
            yield return match.Value;
    }

    private int[] EncodePiece(string piece)
    {
        if (_cache.TryGetValue(piece, out int[]? known))
            return known;
        int[] ids = Merge([.. WideUtf8.Encode(piece).Select(b => (int)b)]);
        if (_cache.Count < MostCached)
            _cache.TryAdd(piece, ids);
        return ids;
    }

    private int[] Merge(List<int> ids)
    {
        while (ids.Count > 1)
        {
            int best = int.MaxValue;
            for (int i = 0; i + 1 < ids.Count; i++)
            {
                if (_ranks.TryGetValue(BytePairTrainer.Key(ids[i], ids[i + 1]), out int rank) && rank < best)
                    best = rank;
            }

            if (best == int.MaxValue)
                break;
            (int left, int right) = _merges[best];
            int kept = 0;
            for (int i = 0; i < ids.Count; i++)
            {
                bool isPair = ids[i] == left && i + 1 < ids.Count && ids[i + 1] == right;
                ids[kept++] = isPair ? Bytes + best : ids[i];
                i += isPair ? 1 : 0;
            }

            ids.RemoveRange(kept, ids.Count - kept);
        }

        return [.. ids];
    }

    // GPT-2's pattern (Radford et al. 2019); together its matches cover every text.
    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Piece();
}
