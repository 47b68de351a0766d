namespace Espalier.Data;

/// <summary>Moves of tensors between devices that leave nothing behind.</summary>
internal static class TensorMoves
{
    /// <summary>A tensor on a device: it itself where it lies there, else a copy, and the tensor is freed.</summary>
    /// <param name="tensor">Taken over.</param>
    /// <param name="device">Where to.</param>
    public static Tensor MovedTo(this Tensor tensor, torch.Device device)
    {
        if (tensor.device_type == device.type && (device.index < 0 || tensor.device_index == device.index))
            return tensor;
        using (tensor)
            return tensor.to(device);
    }
}
