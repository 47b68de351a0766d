using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Espalier.Data.Augmentation;

/// <summary>Gaussian blur of one image in place, mirrored at the border. Holds scratch memory: one per thread.</summary>
internal sealed class SeparableBlur
{
    private float[] _kernel = [];
    private float[] _line = [];
    private float[] _plane = [];

    /// <summary>The kernel's weights: exp(-x²/2σ²) at whole pixels, divided by their sum.</summary>
    /// <param name="sigma">In pixels.</param>
    /// <param name="kernel">Of odd length; filled.</param>
    public static void Fill(double sigma, Span<float> kernel)
    {
        int radius = kernel.Length / 2;
        double sum = 1;
        for (int i = 1; i <= radius; i++)
            sum += 2 * Math.Exp(-i * i / (2 * sigma * sigma));
        for (int i = 0; i < kernel.Length; i++)
            kernel[i] = (float)(Math.Exp(-(i - radius) * (i - radius) / (2 * sigma * sigma)) / sum);
    }

    /// <summary>Blurs every channel.</summary>
    /// <param name="image">[channels, height, width].</param>
    /// <param name="height">Rows, above the kernel's radius.</param>
    /// <param name="width">Columns, above the kernel's radius.</param>
    /// <param name="kernelSize">Odd.</param>
    /// <param name="sigma">In pixels.</param>
    public void Apply(Span<float> image, int height, int width, int kernelSize, double sigma)
    {
        int radius = kernelSize / 2;
        if (_kernel.Length != kernelSize)
            _kernel = new float[kernelSize];
        if (_line.Length < width + (2 * radius))
            _line = new float[width + (2 * radius)];
        if (_plane.Length < height * width)
            _plane = new float[height * width];
        Fill(sigma, _kernel);
        for (int start = 0; start < image.Length; start += height * width)
        {
            Span<float> plane = image.Slice(start, height * width);
            for (int y = 0; y < height; y++)
            {
                Span<float> row = plane.Slice(y * width, width);
                row.CopyTo(_line.AsSpan(radius));
                for (int i = 1; i <= radius; i++)
                    (_line[radius - i], _line[radius + width - 1 + i]) = (row[i], row[width - 1 - i]);
                Span<float> result = _plane.AsSpan(y * width, width);
                result.Clear();
                for (int k = 0; k < kernelSize; k++)
                    Accumulate(_line.AsSpan(k, width), _kernel[k], result);
            }

            for (int y = 0; y < height; y++)
            {
                Span<float> result = plane.Slice(y * width, width);
                result.Clear();
                for (int k = 0; k < kernelSize; k++)
                {
                    int from = Math.Abs(y + k - radius);
                    from = Math.Min(from, (2 * (height - 1)) - from);
                    Accumulate(_plane.AsSpan(from * width, width), _kernel[k], result);
                }
            }
        }
    }

    private static void Accumulate(ReadOnlySpan<float> values, float weight, Span<float> result)
    {
        result = result[..values.Length];
        ref float x = ref MemoryMarshal.GetReference(values);
        ref float r = ref MemoryMarshal.GetReference(result);
        int i = 0;
        for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            ((Vector256.LoadUnsafe(ref x, (nuint)i) * weight) + Vector256.LoadUnsafe(ref r, (nuint)i)).StoreUnsafe(ref r, (nuint)i);
        for (; i < values.Length; i++)
            result[i] += values[i] * weight;
    }
}
