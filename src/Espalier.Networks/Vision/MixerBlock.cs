using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>A block of MLP-Mixer: X + tokenMLP(LN(X)ᵀ)ᵀ, then X + channelMLP(LN(X)); timm's names.</summary>
public sealed class MixerBlock : Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm1")]
    private readonly LayerNorm _norm1;

    [ComponentName(Name = "mlp_tokens")]
    private readonly FeedForward _tokens;

    [ComponentName(Name = "norm2")]
    private readonly LayerNorm _norm2;

    [ComponentName(Name = "mlp_channels")]
    private readonly FeedForward _channels;

    [ComponentName(Name = "drop_path")]
    private readonly DropPath _dropPath;

    internal MixerBlock(MixerOptions options, int tokens) : base(nameof(MixerBlock))
    {
        _norm1 = LayerNorm(options.DModel, options.NormEps);
        _tokens = new FeedForward(tokens, options.ForTokens);
        _norm2 = LayerNorm(options.DModel, options.NormEps);
        _channels = new FeedForward(options.DModel, options.ForChannels);
        _dropPath = new DropPath(options.DropPath);
        register_module("norm1", _norm1);
        register_module("mlp_tokens", _tokens);
        register_module("norm2", _norm2);
        register_module("mlp_channels", _channels);
        register_module("drop_path", _dropPath);
    }

    /// <param name="input">[batch, tokens, d].</param>
    /// <returns>[batch, tokens, d].</returns>
    public override Tensor forward(Tensor input)
    {
        Tensor x = input + _dropPath.call(_tokens.call(_norm1.call(input).transpose(1, 2)).transpose(1, 2));
        return x + _dropPath.call(_channels.call(_norm2.call(x)));
    }

    internal void Initialize(torch.Generator generator)
    {
        foreach (Linear linear in _tokens.Linears.Concat(_channels.Linears))
        {
            Initialization.XavierUniform(linear.weight!, generator);
            Initialization.Normal(linear.bias!, 1e-6, generator);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _norm1.Dispose();
            _tokens.Dispose();
            _norm2.Dispose();
            _channels.Dispose();
            _dropPath.Dispose();
        }

        base.Dispose(disposing);
    }
}
