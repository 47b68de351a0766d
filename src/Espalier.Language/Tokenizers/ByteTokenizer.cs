using Espalier.Data.Text;

namespace Espalier.Language.Tokenizers;

/// <summary>One token per byte of the text in UTF-8: 256 tokens that can write everything.</summary>
public sealed class ByteTokenizer : Tokenizer
{
    private const int Bytes = 256;

    /// <summary>Creates the tokenizer.</summary>
    /// <param name="specials">The special tokens it shall have.</param>
    public ByteTokenizer(IEnumerable<SpecialToken> specials) : base(SpecialTokens.Behind(Bytes, specials))
    {
    }

    /// <inheritdoc/>
    public override int VocabularySize => Bytes + Specials.Count;

    /// <inheritdoc/>
    internal override TokenizerContent Content => new() { Kind = TokenizerKind.Byte, Specials = [.. Specials.Tokens] };

    /// <inheritdoc/>
    public override IReadOnlyList<int> Encode(string text) => [.. WideUtf8.Encode(text).Select(b => (int)b)];

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids) => WideUtf8.Decode([.. ids.Where(id => Checked(id) < Bytes).Select(id => (byte)id)]);
}
