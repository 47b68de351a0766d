using TorchSharp.Modules;
using TorchSharp.Utils;

namespace Espalier.Networks.Layers;

/// <summary>alpha * x + beta per channel, in place of a norm (Touvron et al. 2021, "ResMLP", equation 1); timm's names.</summary>
public sealed class ChannelAffine : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "alpha")]
    private readonly Parameter _alpha;

    [ComponentName(Name = "beta")]
    private readonly Parameter _beta;

    /// <summary>Creates the layer as the identity.</summary>
    /// <param name="channels">Size of the last dimension.</param>
    public ChannelAffine(int channels) : base(nameof(ChannelAffine))
    {
        _alpha = new Parameter(torch.ones(1, 1, channels));
        _beta = new Parameter(torch.zeros(1, 1, channels));
        _alpha.DetachFromDisposeScope();
        _beta.DetachFromDisposeScope();
        register_parameter("alpha", _alpha);
        register_parameter("beta", _beta);
    }

    /// <summary>alpha, [1, 1, channels].</summary>
    public Parameter Alpha => _alpha;

    /// <summary>beta, [1, 1, channels].</summary>
    public Parameter Beta => _beta;

    /// <param name="input">[batch, tokens, channels].</param>
    /// <returns>[batch, tokens, channels].</returns>
    public override Tensor forward(Tensor input) => torch.addcmul(_beta, _alpha, input, 1);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _alpha.Dispose();
            _beta.Dispose();
        }

        base.Dispose(disposing);
    }
}
