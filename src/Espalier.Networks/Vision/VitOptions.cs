using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>The shape of a <see cref="VisionTransformer"/>. The defaults are ViT-S/16, which is DeiT-S too (Dosovitskiy et al. 2021; Touvron et al. 2021).</summary>
public sealed record VitOptions : PatchOptions
{
    /// <summary>Number of attention heads; divides d.</summary>
    public int Heads { get; init; } = 6;

    /// <summary>Channels inside a block's feed-forward layers; null is 4d.</summary>
    public int? DFfn { get; init; }

    /// <summary>What the head reads.</summary>
    public VitPooling Pooling { get; init; }

    /// <summary>Probability that an attention weight or a value of a branch is zeroed in training, in [0, 1).</summary>
    public double Dropout { get; init; }

    /// <summary>Channels inside a block's feed-forward layers.</summary>
    internal int Hidden => DFfn ?? 4 * DModel;

    /// <inheritdoc/>
    public override void Validate()
    {
        ValidatePatches();
        OptionsException.Require(Heads >= 1 && DModel % Heads == 0, nameof(Heads), Heads, $"must divide dModel ({DModel})");
        OptionsException.Require(DFfn is null or >= 1, nameof(DFfn), DFfn, "must be at least 1");
        NetworkSize.Require(nameof(DModel), DModel, Layers, (4.0 * DModel * DModel) + (2.0 * DModel * (DFfn ?? 4.0 * DModel)));
        OptionsException.Require(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "must lie in [0, 1)");
    }
}
