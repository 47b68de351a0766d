using System.Runtime.InteropServices;
using Espalier.Randomness;

namespace Espalier.Robustness.Attacks.Execution;

/// <summary>
/// Randomness that belongs to examples: what is drawn for one is a function of the seed, its key and the purpose, whatever
/// else is in the batch and whoever has left it. So results do not depend on the batch size, the order or the workers.
/// </summary>
internal readonly struct ExampleRandom(long seed, long[] keys, long purpose)
{
    private const long Stride = 0x10000;

    /// <summary>Another stream for each example.</summary>
    public ExampleRandom Next() => new(seed, keys, unchecked(purpose * Stride + 1));

    /// <summary>The stream of one example.</summary>
    /// <param name="row">Its position in the batch.</param>
    public SplitMix64 Stream(int row) => new(seed, keys[row], purpose);

    /// <summary>Uniform numbers, as many per example as <paramref name="like"/> has, of its shape, type and device.</summary>
    public Tensor Uniform(Tensor like, double low, double high)
    {
        (float scale, float offset) = ((float)((high - low) / (1 << 24)), (float)low);
        return Fill(like, (ref SplitMix64 stream, Span<float> row) =>
        {
            int i = 0;
            for (; i + 1 < row.Length; i += 2)
            {
                ulong bits = stream.Next();
                row[i] = offset + ((uint)(bits >> 40) * scale);
                row[i + 1] = offset + (((uint)bits & 0xFFFFFF) * scale);
            }

            if (i < row.Length)
                row[i] = offset + ((uint)(stream.Next() >> 40) * scale);
        });
    }

    /// <summary>Standard normal numbers (Box-Muller).</summary>
    public Tensor Normal(Tensor like) => Fill(like, static (ref SplitMix64 stream, Span<float> row) =>
    {
        for (int i = 0; i < row.Length; i += 2)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - stream.NextDouble()));
            (double sine, double cosine) = Math.SinCos(2 * Math.PI * stream.NextDouble());
            row[i] = (float)(radius * cosine);
            if (i + 1 < row.Length)
                row[i + 1] = (float)(radius * sine);
        }
    });

    /// <summary>-1 or 1, each with probability one half.</summary>
    public Tensor Signs(Tensor like) => Fill(like, static (ref SplitMix64 stream, Span<float> row) =>
    {
        ulong bits = 0;
        for (int i = 0; i < row.Length; i++)
        {
            if (i % 64 == 0)
                bits = stream.Next();
            row[i] = (bits & 1) == 0 ? -1 : 1;
            bits >>= 1;
        }
    });

    private delegate void RowFiller(ref SplitMix64 stream, Span<float> row);

    private Tensor Fill(Tensor like, RowFiller fill)
    {
        Tensor result = torch.empty(like.shape, dtype: torch.float32);
        Span<float> all = MemoryMarshal.Cast<byte, float>(result.bytes);
        int width = keys.Length == 0 ? 0 : all.Length / keys.Length;
        for (int row = 0; row < keys.Length; row++)
        {
            SplitMix64 stream = Stream(row);
            fill(ref stream, all.Slice(row * width, width));
        }

        return like.dtype == torch.float32 && like.device_type == DeviceType.CPU ? result : result.to(like.dtype, like.device);
    }
}
