using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>A block of ResMLP: X + ls1 * (A affine1(X)), A over tokens, then X + ls2 * MLP(affine2(X)); timm's names.</summary>
public sealed class ResMlpBlock : Module<Tensor, Tensor>
{
    [ComponentName(Name = "ls1")]
    private readonly Parameter _scale1;

    [ComponentName(Name = "ls2")]
    private readonly Parameter _scale2;

    [ComponentName(Name = "norm1")]
    private readonly ChannelAffine _norm1;

    [ComponentName(Name = "linear_tokens")]
    private readonly Linear _tokens;

    [ComponentName(Name = "norm2")]
    private readonly ChannelAffine _norm2;

    [ComponentName(Name = "mlp_channels")]
    private readonly FeedForward _channels;

    [ComponentName(Name = "drop_path")]
    private readonly DropPath _dropPath;

    internal ResMlpBlock(ResMlpOptions options, int tokens) : base(nameof(ResMlpBlock))
    {
        _scale1 = Scale(options);
        _scale2 = Scale(options);
        _norm1 = new ChannelAffine(options.DModel);
        _tokens = Linear(tokens, tokens);
        _norm2 = new ChannelAffine(options.DModel);
        _channels = new FeedForward(options.DModel, options.ForChannels);
        _dropPath = new DropPath(options.DropPath);
        register_parameter("ls1", _scale1);
        register_parameter("ls2", _scale2);
        register_module("norm1", _norm1);
        register_module("linear_tokens", _tokens);
        register_module("norm2", _norm2);
        register_module("mlp_channels", _channels);
        register_module("drop_path", _dropPath);
    }

    /// <summary>The map along tokens, A.</summary>
    public Linear Tokens => _tokens;

    /// <param name="input">[batch, tokens, d].</param>
    /// <returns>[batch, tokens, d].</returns>
    public override Tensor forward(Tensor input)
    {
        Tensor mixed = _tokens.call(_norm1.call(input).transpose(1, 2)).transpose(1, 2);
        Tensor x = input + _dropPath.call(_scale1 * mixed);
        return x + _dropPath.call(_scale2 * _channels.call(_norm2.call(x)));
    }

    internal void Initialize(torch.Generator generator)
    {
        foreach (Linear linear in _channels.Linears.Prepend(_tokens))
        {
            Initialization.XavierUniform(linear.weight!, generator);
            Initialization.Constant(linear.bias!, 0);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _scale1.Dispose();
            _scale2.Dispose();
            _norm1.Dispose();
            _tokens.Dispose();
            _norm2.Dispose();
            _channels.Dispose();
            _dropPath.Dispose();
        }

        base.Dispose(disposing);
    }

    private static Parameter Scale(ResMlpOptions options)
    {
        var scale = new Parameter(torch.full([options.DModel], options.InitialScale));
        scale.DetachFromDisposeScope();
        return scale;
    }
}
