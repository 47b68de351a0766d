namespace Espalier.Robustness.Corruptions;

/// <summary>What an image shows beyond its border.</summary>
internal enum Border
{
    /// <summary>a a | a b c | c c.</summary>
    Replicate,

    /// <summary>c b | a b c | b a.</summary>
    Mirror,

    /// <summary>b a | a b c | c b.</summary>
    Symmetric,
}
