using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>The shape of an <see cref="MlpMixer"/>. The defaults are Mixer-S/16 (Tolstikhin et al. 2021).</summary>
public sealed record MixerOptions : PatchOptions
{
    /// <summary>Mixer-S/16: 8 blocks of 512 channels.</summary>
    public MixerOptions() => (DModel, Layers) = (512, 8);

    /// <summary>Hidden size of the MLP over tokens; null is d/2.</summary>
    public int? TokenHidden { get; init; }

    /// <summary>Hidden size of the MLP over channels; null is 4d.</summary>
    public int? ChannelHidden { get; init; }

    /// <summary>Hidden size of the MLP over tokens.</summary>
    internal int ForTokens => TokenHidden ?? Math.Max(1, DModel / 2);

    /// <summary>Hidden size of the MLP over channels.</summary>
    internal int ForChannels => ChannelHidden ?? 4 * DModel;

    /// <inheritdoc/>
    public override void Validate()
    {
        ValidatePatches();
        OptionsException.Require(TokenHidden is null or >= 1, nameof(TokenHidden), TokenHidden, "must be at least 1");
        NetworkSize.Require(nameof(DModel), DModel, Layers, 2.0 * DModel * (ChannelHidden ?? 4.0 * DModel));
        OptionsException.Require(ChannelHidden is null or >= 1, nameof(ChannelHidden), ChannelHidden, "must be at least 1");
    }
}
