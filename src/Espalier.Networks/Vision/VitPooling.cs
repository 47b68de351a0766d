namespace Espalier.Networks.Vision;

/// <summary>What the head of a Vision Transformer reads.</summary>
public enum VitPooling
{
    /// <summary>A class token of its own, as ViT and DeiT have it.</summary>
    ClassToken,

    /// <summary>The mean over the patches; there is no class token.</summary>
    Mean,
}
