namespace Espalier.Data.Text;

/// <summary>What a token is.</summary>
public enum TokenizerKind
{
    /// <summary>A character (Unicode code point) of the training text, sorted by code point.</summary>
    Character,

    /// <summary>A byte of the text in UTF-8.</summary>
    Byte,

    /// <summary>A word of the training text.</summary>
    Word,

    /// <summary>A run of bytes that is frequent in the training text: byte-pair encoding (Sennrich et al. 2016).</summary>
    BytePair,

    /// <summary>Whatever a file says: one of ours, or GPT-2's, BERT's or SentencePiece's.</summary>
    File,
}
