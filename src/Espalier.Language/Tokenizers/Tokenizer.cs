using Espalier.Errors;

namespace Espalier.Language.Tokenizers;

/// <summary>
/// Text as numbers and back. Ordinary tokens have the ids from 0 on, special tokens those behind them. A tokenizer never
/// changes once it is made, and is safe to use from several threads.
/// </summary>
public abstract class Tokenizer
{
    /// <summary>Creates a tokenizer.</summary>
    /// <param name="specials">Which special tokens it has.</param>
    protected Tokenizer(SpecialTokens specials) => Specials = specials;

    /// <summary>Number of ids, special tokens included.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>The special tokens.</summary>
    public SpecialTokens Specials { get; }

    /// <summary>The tokens of a text. The text of a special token, such as <c>[MASK]</c>, is ordinary text here.</summary>
    /// <param name="text">Any text; unpaired surrogates are encoded like any other character.</param>
    /// <returns>Ids in 0..<see cref="VocabularySize"/>-1.</returns>
    /// <exception cref="DataException">The text holds what the vocabulary lacks, and there is no token for that.</exception>
    public abstract IReadOnlyList<int> Encode(string text);

    /// <summary>The text of tokens; special tokens give none.</summary>
    /// <param name="ids">Ids in 0..<see cref="VocabularySize"/>-1.</param>
    /// <returns>The text. Bytes that are no UTF-8 become U+FFFD.</returns>
    /// <exception cref="DataException">An id is out of range.</exception>
    public abstract string Decode(IEnumerable<int> ids);

    /// <summary>One token for people: its text, or the name of a special token.</summary>
    /// <param name="id">In 0..<see cref="VocabularySize"/>-1.</param>
    /// <exception cref="DataException">The id is out of range.</exception>
    public string Show(int id) => Specials.NameOf(Checked(id)) ?? Decode([id]);

    /// <summary>Writes everything the tokenizer is into one JSON file, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => Files.AtomicFile.Replace(path, TokenizerFile.Serialize(this));

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The file is missing or is no tokenizer of ours.</exception>
    public static Tokenizer Load(string path) => TokenizerFile.Load(path);

    /// <summary>Whether another tokenizer is the same: the same tokens under the same ids.</summary>
    /// <param name="other">Another one.</param>
    public bool IsSameAs(Tokenizer other) => TokenizerFile.Serialize(this) == TokenizerFile.Serialize(other);

    /// <summary>What a file must hold to make this tokenizer again.</summary>
    internal abstract TokenizerContent Content { get; }

    /// <summary>The id itself, if there is such a token.</summary>
    protected int Checked(int id) => (uint)id < (uint)VocabularySize
        ? id
        : throw new DataException("tokens", $"hold {id}", $"ids run from 0 to {VocabularySize - 1}: use the tokenizer that made them");
}
