using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Espalier.Data.Images;

/// <summary>Bytes to scaled floats, 32 at a time: a table look-up per byte is several times slower.</summary>
internal static class ByteScaling
{
    /// <summary>target[i] = source[i] · scale.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="scale">What each is multiplied by.</param>
    /// <param name="target">As long as <paramref name="source"/>.</param>
    public static void Convert(ReadOnlySpan<byte> source, float scale, Span<float> target)
    {
        target = target[..source.Length];
        int done = 0;
        ref byte from = ref MemoryMarshal.GetReference(source);
        ref float to = ref MemoryMarshal.GetReference(target);
        for (; done <= source.Length - Vector256<byte>.Count; done += Vector256<byte>.Count)
        {
            Vector256<byte> bytes = Vector256.LoadUnsafe(ref from, (nuint)done);
            Store(Vector256.WidenLower(bytes), scale, ref to, done);
            Store(Vector256.WidenUpper(bytes), scale, ref to, done + Vector256<ushort>.Count);
        }

        for (; done < source.Length; done++)
            target[done] = source[done] * scale;
    }

    private static void Store(Vector256<ushort> values, float scale, ref float to, int at)
    {
        // As signed integers, since no byte reaches the sign: unsigned ones take a longer way to float without AVX-512.
        (Vector256.ConvertToSingle(Vector256.WidenLower(values).AsInt32()) * scale).StoreUnsafe(ref to, (nuint)at);
        (Vector256.ConvertToSingle(Vector256.WidenUpper(values).AsInt32()) * scale).StoreUnsafe(ref to, (nuint)(at + Vector256<float>.Count));
    }
}
