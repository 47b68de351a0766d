namespace Espalier.Networks.Layers;

/// <summary>
/// A module with tensors that are no part of its state but go where it goes: buffers in the sense of PyTorch that are not
/// persistent. TorchSharp 0.107 leaves those behind when a module moves to another device.
/// </summary>
public abstract class ModuleWithConstants : torch.nn.Module<Tensor, Tensor>
{
    private readonly Dictionary<string, Tensor> _constants = new(StringComparer.Ordinal);

    private protected ModuleWithConstants(string name) : base(name)
    {
    }

    /// <summary>Adds a constant, which is the module's from now on.</summary>
    private protected void AddConstant(string name, Tensor value)
    {
        _constants.Add(name, value.DetachFromDisposeScope());
        register_buffer(name, value, persistent: false);
    }

    /// <summary>A constant, on the module's device.</summary>
    private protected Tensor Constant(string name) => _constants[name];

    /// <inheritdoc/>
    protected override void _toEpilog(torch.ScalarType? dtype, torch.Device? device, bool non_blocking)
    {
        base._toEpilog(dtype, device, non_blocking);
        if (device is null)
            return;
        foreach (string name in _constants.Keys)
        {
            Tensor moved = _constants[name].to(device, disposeAfter: true).DetachFromDisposeScope();
            _constants[name] = moved;
            ConditionallyRegisterBuffer(name, moved, persistent: false);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (Tensor constant in _constants.Values)
                constant.Dispose();
        }

        base.Dispose(disposing);
    }
}
