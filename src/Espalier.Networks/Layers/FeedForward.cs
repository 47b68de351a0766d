using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Layers;

/// <summary>Two linear layers with the exact GELU between them, on the last dimension; timm's names.</summary>
public sealed class FeedForward : Module<Tensor, Tensor>
{
    [ComponentName(Name = "fc1")]
    private readonly Linear _fc1;

    [ComponentName(Name = "fc2")]
    private readonly Linear _fc2;

    /// <summary>Creates the layers.</summary>
    /// <param name="width">Size of the last dimension.</param>
    /// <param name="hidden">Size in between.</param>
    public FeedForward(int width, int hidden) : base(nameof(FeedForward))
    {
        _fc1 = Linear(width, hidden);
        _fc2 = Linear(hidden, width);
        register_module("fc1", _fc1);
        register_module("fc2", _fc2);
    }

    /// <param name="input">[..., width].</param>
    /// <returns>[..., width].</returns>
    public override Tensor forward(Tensor input) => _fc2.call(functional.gelu(_fc1.call(input)));

    internal IEnumerable<Linear> Linears => [_fc1, _fc2];

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _fc1.Dispose();
            _fc2.Dispose();
        }

        base.Dispose(disposing);
    }
}
