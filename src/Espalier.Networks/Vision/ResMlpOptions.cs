using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>The shape of a <see cref="ResMlp"/>. The defaults are ResMLP-S12 (Touvron et al. 2021, "ResMLP").</summary>
public sealed record ResMlpOptions : PatchOptions
{
    /// <summary>Hidden size of the MLP over channels; null is 4d.</summary>
    public int? ChannelHidden { get; init; }

    /// <summary>What a branch is scaled with at the start (LayerScale); null is 1e-4 up to 12 blocks, 1e-5 up to 24, else 1e-6.</summary>
    public double? LayerScale { get; init; }

    /// <summary>Hidden size of the MLP over channels.</summary>
    internal int ForChannels => ChannelHidden ?? 4 * DModel;

    /// <summary>What a branch is scaled with at the start.</summary>
    internal double InitialScale => LayerScale ?? (Layers <= 12 ? 1e-4 : Layers <= 24 ? 1e-5 : 1e-6);

    /// <inheritdoc/>
    public override void Validate()
    {
        ValidatePatches();
        NetworkSize.Require(nameof(DModel), DModel, Layers, 2.0 * DModel * (ChannelHidden ?? 4.0 * DModel));
        OptionsException.Require(ChannelHidden is null or >= 1, nameof(ChannelHidden), ChannelHidden, "must be at least 1");
        OptionsException.Require(LayerScale is null or > 0, nameof(LayerScale), LayerScale, "must be above 0");
    }
}
