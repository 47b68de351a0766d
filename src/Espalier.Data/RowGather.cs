namespace Espalier.Data;

/// <summary>Rows of a tensor by index.</summary>
internal static class RowGather
{
    /// <summary>
    /// Copies rows. In plain memory they are copied here rather than by libtorch: a loader's thread would otherwise start a second pool of OpenMP
    /// threads that competes with the one of the training thread.
    /// </summary>
    /// <param name="source">[n, ...], contiguous.</param>
    /// <param name="indices">Rows, in 0..n-1.</param>
    /// <param name="name">The source's name, for the message.</param>
    /// <returns>[indices, ...].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
    public static Tensor Of(Tensor source, ReadOnlySpan<long> indices, string name)
    {
        long count = source.shape[0];
        foreach (long index in indices)
        {
            if ((ulong)index >= (ulong)count)
                throw new ArgumentOutOfRangeException(nameof(indices), index, $"{name} has samples 0 to {count - 1}");
        }

        if (source.device_type != DeviceType.CPU || source.numel() * source.ElementSize >= int.MaxValue)
        {
            using Tensor chosen = torch.tensor(indices.ToArray(), device: source.device);
            return source.index_select(0, chosen);
        }

        Tensor result = torch.empty([indices.Length, .. source.shape[1..]], dtype: source.dtype);
        Span<byte> target = result.bytes;
        ReadOnlySpan<byte> bytes = source.bytes;
        int width = indices.Length == 0 ? 0 : target.Length / indices.Length;
        for (int i = 0; i < indices.Length; i++)
            bytes.Slice((int)indices[i] * width, width).CopyTo(target[(i * width)..]);
        return result;
    }
}
