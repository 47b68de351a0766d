using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Espalier.Models;

/// <summary>Keys of the rows of a tensor by their content: equal rows have equal keys, whatever their order or company.</summary>
public static class RowKeys
{
    /// <summary>The first 128 bits of SHA-256 over the bytes of each row.</summary>
    /// <param name="rows">[n, ...], of any type, on any device.</param>
    /// <returns>[n].</returns>
    public static UInt128[] Of(Tensor rows)
    {
        using var scope = torch.NewDisposeScope();
        Tensor host = rows.detach().cpu().contiguous();
        var keys = new UInt128[host.shape[0]];
        if (keys.Length == 0)
            return keys;
        Span<byte> bytes = host.bytes;
        int length = bytes.Length / keys.Length;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        for (int i = 0; i < keys.Length; i++)
        {
            SHA256.HashData(bytes.Slice(i * length, length), hash);
            keys[i] = BinaryPrimitives.ReadUInt128LittleEndian(hash);
        }

        return keys;
    }

    /// <summary>As <see cref="Of"/>, cut to 63 bits: what the randomness of an example is a function of.</summary>
    /// <param name="rows">[n, ...].</param>
    /// <returns>[n], not negative.</returns>
    public static long[] Seeds(Tensor rows) => [.. Of(rows).Select(k => (long)(ulong)k & long.MaxValue)];
}
