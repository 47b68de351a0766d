using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Espalier.Data;

/// <summary>The checksum of tensors by which ranks and checkpoints recognise their data. Not secure against intent.</summary>
internal static class ContentChecksum
{
    /// <summary>XxHash128 of the bytes of tensors, of a shape and a scale, in hexadecimal.</summary>
    public static string Of(Tensor inputs, Tensor? labels, ReadOnlySpan<long> shape, double scale)
    {
        var hash = new XxHash128();
        hash.Append(MemoryMarshal.AsBytes(shape));
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<double>(in scale)));
        Append(hash, inputs);
        if (labels is not null)
            Append(hash, labels);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(XxHash128 hash, Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        using var _ = torch.no_grad();
        Tensor host = tensor.cpu().contiguous().view(-1);

        // A span holds at most 2 GiB.
        long most = (1L << 30) / host.ElementSize;
        for (long start = 0; start < host.numel(); start += most)
        {
            using Tensor piece = host.narrow(0, start, Math.Min(most, host.numel() - start));
            hash.Append(piece.bytes);
        }
    }
}
