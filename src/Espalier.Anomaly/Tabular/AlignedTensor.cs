namespace Espalier.Anomaly.Tabular;

/// <summary>
/// Tensors of numbers that lie in libtorch's own memory. One made from an array lies where the garbage collector put the array,
/// and a matrix product of numbers at another alignment may differ in the last bit: a detector read from a file would not score
/// as the one that was written.
/// </summary>
internal static class AlignedTensor
{
    /// <param name="values">Row after row.</param>
    /// <param name="shape">One dimension where left out.</param>
    /// <returns>float64, in the caller's dispose scope.</returns>
    public static Tensor Of(double[] values, params long[] shape)
    {
        using Tensor borrowed = torch.tensor(values, dtype: torch.float64);
        return shape.Length == 0 ? borrowed.clone() : borrowed.clone().view(shape);
    }
}
