namespace Espalier.Networks.Text;

/// <summary>How a Transformer for text knows where a token stands.</summary>
public enum PositionKind
{
    /// <summary>A learned vector per position, added to the embedding.</summary>
    Learned,

    /// <summary>A learned bias per head and distance, added to the scores of attention (Liu et al. 2021, Table 3).</summary>
    RelativeBias,
}
