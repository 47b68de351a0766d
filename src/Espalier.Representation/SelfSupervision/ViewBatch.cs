using Espalier.Data;

namespace Espalier.Representation.SelfSupervision;

/// <summary>Some images with random views of them.</summary>
/// <param name="Inputs">The images, [batch, ...], float32.</param>
/// <param name="Labels">[batch], int64: what a probe learns beside; the representation does not.</param>
/// <param name="Views">Random views of the images, each [batch, ...]; none in evaluation.</param>
public sealed record ViewBatch(Tensor Inputs, Tensor Labels, IReadOnlyList<Tensor> Views) : IBatch
{
    /// <inheritdoc/>
    public int Count => (int)Inputs.shape[0];

    /// <inheritdoc/>
    public long Position { get; init; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
        foreach (Tensor view in Views)
            view.Dispose();
    }
}
