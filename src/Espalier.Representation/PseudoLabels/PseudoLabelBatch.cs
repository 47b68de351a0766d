using Espalier.Data;

namespace Espalier.Representation.PseudoLabels;

/// <summary>Some samples without labels, each beside a labelled one.</summary>
/// <param name="Inputs">The samples as they are, which the teacher labels, [batch, ...].</param>
/// <param name="View">A random view of them, which the student sees, [batch, ...].</param>
/// <param name="LabelledInputs">The labelled samples, [batch, ...].</param>
/// <param name="Labels">Their labels, [batch], int64.</param>
public sealed record PseudoLabelBatch(Tensor Inputs, Tensor View, Tensor LabelledInputs, Tensor Labels) : IBatch
{
    /// <inheritdoc/>
    public int Count => (int)Inputs.shape[0];

    /// <inheritdoc/>
    public long Position { get; init; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Inputs.Dispose();
        View.Dispose();
        LabelledInputs.Dispose();
        Labels.Dispose();
    }
}
