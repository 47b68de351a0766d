namespace Espalier.Language.Tokenizers;

/// <summary>Whose tokenizer a file holds.</summary>
public enum ImportedFormat
{
    /// <summary>OpenAI's <c>*.tiktoken</c>: byte pairs with ranks, as GPT-2 and GPT-4 use them.</summary>
    Tiktoken,

    /// <summary>BERT's <c>vocab.txt</c>: word pieces, one a line.</summary>
    WordPiece,

    /// <summary>SentencePiece's <c>*.model</c>.</summary>
    SentencePiece,
}
