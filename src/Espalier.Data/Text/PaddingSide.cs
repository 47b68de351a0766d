namespace Espalier.Data.Text;

/// <summary>Where the padding of a short document stands.</summary>
public enum PaddingSide
{
    /// <summary>After it.</summary>
    After,

    /// <summary>Before it: for networks that read in one direction and answer at the end.</summary>
    Before,
}
