namespace Espalier.Data.Text;

/// <summary>What stands around a document.</summary>
public enum TextFraming
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary><c>[CLS] document [SEP]</c>, as BERT has it.</summary>
    ClassSeparator,
}
