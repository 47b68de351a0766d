using Espalier.Errors;
using Espalier.Networks.Attention;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>
/// ViT and DeiT (Dosovitskiy et al. 2021; Touvron et al. 2021): patches with a class token and learned positions, pre-norm
/// Transformer blocks, a final norm. Its state dict has timm's keys.
/// </summary>
public sealed class VisionTransformer : PatchNetwork<VitOptions, TransformerBlock>
{
    [ComponentName(Name = "cls_token")]
    private readonly Parameter? _classToken;

    [ComponentName(Name = "pos_embed")]
    private readonly Parameter _positions;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public VisionTransformer(VitOptions options, int seed = 0)
        : base(nameof(VisionTransformer), options, "patch_embed", (o, _, layer) => Block(o, layer), o => LayerNorm(o.DModel, o.NormEps))
    {
        if (options.Pooling == VitPooling.ClassToken)
        {
            _classToken = new Parameter(torch.zeros(1, 1, options.DModel));
            _classToken.DetachFromDisposeScope();
            register_parameter("cls_token", _classToken);
        }

        _positions = new Parameter(torch.zeros(1, Grid.Tokens + ClassTokens, options.DModel));
        _positions.DetachFromDisposeScope();
        register_parameter("pos_embed", _positions);
        InitializeAll(seed, (block, generator) => block.Initialize(weight => Initialization.TruncatedNormal(weight, 0.02, generator)), own: generator =>
        {
            if (_classToken is not null)
                Initialization.Normal(_classToken, 1e-6, generator);
            Initialization.TruncatedNormal(_positions, 0.02, generator);
        });
    }

    private protected override long BlockMultiplyAdds => TransformerBlock.MultiplyAdds(Grid.Tokens + ClassTokens, Options.DModel, Options.Hidden);

    /// <summary>Number of tokens before the patches: 1 with a class token.</summary>
    private int ClassTokens => _classToken is null ? 0 : 1;

    private protected override Tensor Tokens(Tensor patches)
    {
        Tensor x = patches;                                                             // [batch, n, d]
        if (_classToken is not null)
            x = torch.cat([_classToken.expand(x.shape[0], 1, x.shape[2]), x], 1);
        return x + _positions;
    }

    private protected override Tensor Pool(Tensor features) => _classToken is null ? base.Pool(features) : features.select(1, 0);

    private protected override VisionNetwork Create(int height, int width) =>
        new VisionTransformer(Options with { ImageHeight = height, ImageWidth = width, Classes = Classes });

    private protected override Tensor Resampled(string name, Tensor value, PatchGrid to)
    {
        if (name != "pos_embed")
            return value;
        Tensor first = value.narrow(1, 0, ClassTokens);
        Tensor grid = value.narrow(1, ClassTokens, Grid.Tokens);
        return torch.cat([first, GridResampling.Outputs(grid, Grid, to, 1)], 1);
    }

    private protected override void InitializeHead(torch.Generator generator)
    {
        Initialization.TruncatedNormal(Head.weight!, 0.02, generator);
        Initialization.Constant(Head.bias!, 0);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _classToken?.Dispose();
            _positions.Dispose();
        }

        base.Dispose(disposing);
    }

    // This family's probability grows linearly with depth, unlike gMLP's.
    private static TransformerBlock Block(VitOptions options, int layer)
    {
        double drop = options.Layers == 1 ? options.DropPath : options.DropPath * layer / (options.Layers - 1);
        return new TransformerBlock(options.DModel, options.Heads, options.Hidden, options.NormEps, drop, options.Dropout);
    }
}
