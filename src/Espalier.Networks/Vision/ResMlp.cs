using Espalier.Errors;
using Espalier.Networks.Layers;

namespace Espalier.Networks.Vision;

/// <summary>ResMLP (Touvron et al. 2021): affine maps in place of norms, one linear layer over tokens. Its state dict has timm's keys.</summary>
public sealed class ResMlp : PatchNetwork<ResMlpOptions, ResMlpBlock>
{
    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public ResMlp(ResMlpOptions options, int seed = 0)
        : base(nameof(ResMlp), options, "stem", (o, tokens, _) => new ResMlpBlock(o, tokens), o => new ChannelAffine(o.DModel)) =>
        InitializeAll(seed, (block, generator) => block.Initialize(generator));

    private protected override long BlockMultiplyAdds => (long)Grid.Tokens * Options.DModel * (Grid.Tokens + (2 * Options.ForChannels));

    private protected override VisionNetwork Create(int height, int width) =>
        new ResMlp(Options with { ImageHeight = height, ImageWidth = width, Classes = Classes });

    private protected override Tensor Resampled(string name, Tensor value, PatchGrid to) => name switch
    {
        _ when name.EndsWith("linear_tokens.weight", StringComparison.Ordinal) => GridResampling.Matrix(value, Grid, to),
        _ when name.EndsWith("linear_tokens.bias", StringComparison.Ordinal) => GridResampling.Outputs(value, Grid, to, 0),
        _ => value,
    };
}
