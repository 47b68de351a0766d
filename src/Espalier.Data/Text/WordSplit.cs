namespace Espalier.Data.Text;

/// <summary>Where a word ends.</summary>
public enum WordSplit
{
    /// <summary>At white space: for text that is tokenised already.</summary>
    Whitespace,

    /// <summary>At white space and around every punctuation mark.</summary>
    Punctuation,
}
