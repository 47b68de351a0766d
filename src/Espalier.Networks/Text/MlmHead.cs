namespace Espalier.Networks.Text;

/// <summary>What stands between a masked language model's hidden states and its vocabulary.</summary>
public enum MlmHead
{
    /// <summary>Nothing: H Eᵀ + b with the embedding E, as the paper of gMLP counts its parameters.</summary>
    Plain,

    /// <summary>dense, GELU and LayerNorm before it, as BERT has them.</summary>
    BertTransform,
}
