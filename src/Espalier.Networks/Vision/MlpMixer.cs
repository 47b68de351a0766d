using Espalier.Errors;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>MLP-Mixer (Tolstikhin et al. 2021): MLPs over tokens and over channels in turn. Its state dict has timm's keys.</summary>
public sealed class MlpMixer : PatchNetwork<MixerOptions, MixerBlock>
{
    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public MlpMixer(MixerOptions options, int seed = 0)
        : base(nameof(MlpMixer), options, "stem", (o, tokens, _) => new MixerBlock(o, tokens), o => LayerNorm(o.DModel, o.NormEps)) =>
        InitializeAll(seed, (block, generator) => block.Initialize(generator));

    private protected override long BlockMultiplyAdds => 2L * Grid.Tokens * Options.DModel * (Options.ForTokens + Options.ForChannels);

    private protected override VisionNetwork Create(int height, int width) =>
        new MlpMixer(Options with { ImageHeight = height, ImageWidth = width, Classes = Classes });

    private protected override Tensor Resampled(string name, Tensor value, PatchGrid to) => name switch
    {
        _ when name.EndsWith("mlp_tokens.fc1.weight", StringComparison.Ordinal) => GridResampling.Inputs(value, Grid, to),
        _ when name.EndsWith("mlp_tokens.fc2.weight", StringComparison.Ordinal) => GridResampling.Outputs(value, Grid, to, 0),
        _ when name.EndsWith("mlp_tokens.fc2.bias", StringComparison.Ordinal) => GridResampling.Outputs(value, Grid, to, 0),
        _ => value,
    };
}
