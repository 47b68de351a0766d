namespace Espalier.Data.Text;

/// <summary>A token that stands for no text.</summary>
public enum SpecialToken
{
    /// <summary><c>[PAD]</c>: fills a row up to its length.</summary>
    Pad,

    /// <summary><c>[UNK]</c>: text that the vocabulary lacks.</summary>
    Unknown,

    /// <summary><c>[CLS]</c>: the first token of a row; its state stands for the whole row.</summary>
    Class,

    /// <summary><c>[SEP]</c>: the end of a row or of a part of it.</summary>
    Separator,

    /// <summary><c>[MASK]</c>: hides a token that a masked language model must find.</summary>
    Mask,
}
