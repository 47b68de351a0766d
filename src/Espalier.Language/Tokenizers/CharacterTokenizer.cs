using System.Text;
using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Language.Tokenizers;

/// <summary>
/// One token per character (Unicode code point), sorted by code point. An unpaired surrogate is a character of its own.
/// </summary>
public sealed class CharacterTokenizer : Tokenizer
{
    private readonly int[] _characters;
    private readonly Dictionary<int, int> _ids;

    /// <summary>A tokenizer of given characters.</summary>
    /// <param name="characters">Code points, each once; sorted here.</param>
    /// <param name="specials">The special tokens it shall have.</param>
    /// <exception cref="DataException">There are none, or one is no code point.</exception>
    public CharacterTokenizer(IEnumerable<int> characters, IEnumerable<SpecialToken> specials) : this([.. characters.Distinct().Order()], specials)
    {
    }

    private CharacterTokenizer(int[] sorted, IEnumerable<SpecialToken> specials) : base(SpecialTokens.Behind(sorted.Length, specials))
    {
        if (sorted is not [>= 0, ..] || sorted[^1] > 0x10FFFF)
            throw new DataException("characters", sorted.Length == 0 ? "are empty" : $"run from {sorted[0]} to {sorted[^1]}", "give code points, from 0 to 1114111");
        _characters = sorted;
        _ids = sorted.Select((c, i) => (c, i)).ToDictionary(p => p.c, p => p.i);
    }

    /// <inheritdoc/>
    public override int VocabularySize => _characters.Length + Specials.Count;

    /// <inheritdoc/>
    internal override TokenizerContent Content => new() { Kind = TokenizerKind.Character, Specials = [.. Specials.Tokens], Characters = _characters };

    /// <summary>The tokenizer of every character of some texts.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="specials">The special tokens it shall have.</param>
    /// <exception cref="DataException">The texts are empty.</exception>
    public static CharacterTokenizer Train(IEnumerable<string> texts, IEnumerable<SpecialToken> specials)
    {
        var seen = new HashSet<int>();
        foreach (string text in texts)
        {
            for (int i = 0; i < text.Length;)
                seen.Add(CodePoint(text, ref i));
        }

        return new CharacterTokenizer(seen, specials);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Encode(string text)
    {
        var ids = new List<int>(text.Length);
        for (int i = 0; i < text.Length;)
        {
            int at = i;
            int character = CodePoint(text, ref i);
            ids.Add(_ids.TryGetValue(character, out int id) ? id : Specials.Unknown
                ?? throw new DataException("text", $"holds U+{character:X4} at character {at}, which the vocabulary lacks", "train the tokenizer on text that holds it, give it the special token unknown (in a recipe, add \"unknown\" to data.text.tokenizer.specials), or take one that reads any text (data.text.tokenizer.kind=byte)"));
        }

        return ids;
    }

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids)
    {
        var text = new StringBuilder();
        foreach (int id in ids)
        {
            if (Checked(id) >= _characters.Length)
                continue;
            int character = _characters[id];
            if (Rune.IsValid(character))
                text.Append(new Rune(character).ToString());
            else
                text.Append((char)character);
        }

        return text.ToString();
    }

    private static int CodePoint(string text, ref int at)
    {
        if (at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]))
        {
            at += 2;
            return char.ConvertToUtf32(text[at - 2], text[at - 1]);
        }

        return text[at++];
    }
}
