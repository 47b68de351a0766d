using Espalier.Errors;
using Espalier.Networks.Layers;
using Espalier.Networks.Vision;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Gmlp;

/// <summary>
/// gMLP for images (Liu et al., "Pay Attention to MLPs", NeurIPS 2021): patches, L gated blocks, LayerNorm, mean over
/// tokens, linear head. Without self-attention, position embedding and class token. Its state dict has timm's keys.
/// </summary>
public sealed class GmlpVision : PatchNetwork<GmlpVisionOptions, GmlpBlock>
{
    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public GmlpVision(GmlpVisionOptions options, int seed = 0)
        : base(nameof(GmlpVision), options, "stem", (o, tokens, layer) => new GmlpBlock(o, tokens, o.DropProbability(layer)), o => LayerNorm(o.DModel, o.BlockNormEps)) =>
        InitializeAll(seed, (block, generator) => block.InitializeForImages(generator));

    private protected override long BlockMultiplyAdds => Options.BlockMultiplyAdds(Grid.Tokens);

    /// <summary>Every block's W as applied, for pictures of the filters it learned.</summary>
    /// <returns>One [n, n] per block and head, row = output position, without a graph; the caller's.</returns>
    public IReadOnlyList<Tensor> SpatialMatrices() => GmlpBlock.SpatialMatrices(Blocks);

    private protected override VisionNetwork Create(int height, int width) =>
        new GmlpVision(Options with { ImageHeight = height, ImageWidth = width, Classes = Classes });

    private protected override Tensor Resampled(string name, Tensor value, PatchGrid to)
    {
        OptionsException.Require(Options.SpatialForm == SpatialForm.Dense, "spatialForm", Options.SpatialForm, "must be dense: a Toeplitz matrix runs along one line of tokens, so another grid gives it another meaning");
        return name switch
        {
            _ when name.EndsWith("gate.proj.weight", StringComparison.Ordinal) => GridResampling.Matrix(value, Grid, to),
            _ when name.EndsWith("gate.proj.bias", StringComparison.Ordinal) && !Options.SharedBias => GridResampling.Outputs(value, Grid, to, -1),
            _ => value,
        };
    }

    private protected override void InitializeHead(torch.Generator generator)
    {
        Initialization.Constant(Head.weight!, 0);
        Initialization.Constant(Head.bias!, Options.NegativeLogHeadBias ? -Math.Log(Classes) : 0);
    }
}
