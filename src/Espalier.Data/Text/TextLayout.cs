namespace Espalier.Data.Text;

/// <summary>What a sample of a text is.</summary>
public enum TextLayout
{
    /// <summary>A stretch of the whole text, documents joined by a line break.</summary>
    Windows,

    /// <summary>A document, cut or padded to the length.</summary>
    Documents,
}
