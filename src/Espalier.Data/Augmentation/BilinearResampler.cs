using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Espalier.Data.Augmentation;

/// <summary>Draws an image through a <see cref="PixelMap"/> with bilinear interpolation. Holds scratch memory: one per thread.</summary>
internal sealed class BilinearResampler
{
    private int[] _nearColumns = [], _farColumns = [];
    private float[] _nearWeights = [], _farWeights = [];
    private float[] _row = [];

    /// <summary>Resamples all channels of one image.</summary>
    /// <param name="source">[channels, height, width].</param>
    /// <param name="height">Rows of the source.</param>
    /// <param name="width">Columns of the source.</param>
    /// <param name="target">[channels, outHeight, outWidth].</param>
    /// <param name="outHeight">Rows of the target.</param>
    /// <param name="outWidth">Columns of the target.</param>
    /// <param name="map">Where each pixel of the target comes from.</param>
    /// <param name="padding">What lies beyond the border.</param>
    /// <param name="fill">The constant of <see cref="EdgePadding.Fill"/>.</param>
    public void Resample(ReadOnlySpan<float> source, int height, int width, Span<float> target, int outHeight, int outWidth, in PixelMap map, EdgePadding padding, float fill)
    {
        if (map.IsAxisAligned)
            ResampleSeparably(source, height, width, target, outHeight, outWidth, map, padding, fill);
        else
            ResampleFreely(source, height, width, target, outHeight, outWidth, map, padding, fill);
    }

    private void ResampleSeparably(ReadOnlySpan<float> source, int height, int width, Span<float> target, int outHeight, int outWidth, in PixelMap map, EdgePadding padding, float fill)
    {
        if (_nearColumns.Length < outWidth)
        {
            (_nearColumns, _farColumns) = (new int[outWidth], new int[outWidth]);
            (_nearWeights, _farWeights) = (new float[outWidth], new float[outWidth]);
        }

        if (_row.Length < width)
            _row = new float[width];
        int first = width, last = 0;
        for (int u = 0; u < outWidth; u++)
        {
            Taps taps = Taps.At((map.Xu * u) + map.X0, width, padding);
            (_nearColumns[u], _farColumns[u], _nearWeights[u], _farWeights[u]) = (taps.Near, taps.Far, taps.NearWeight, taps.FarWeight);
            first = Math.Min(first, Math.Min(taps.Near, taps.Far));
            last = Math.Max(last, Math.Max(taps.Near, taps.Far));
        }

        bool blends = padding == EdgePadding.Fill && fill != 0;
        int channels = source.Length / (height * width);
        for (int v = 0; v < outHeight; v++)
        {
            Taps rows = Taps.At((map.Yv * v) + map.Y0, height, padding);
            for (int c = 0; c < channels; c++)
            {
                ReadOnlySpan<float> plane = source.Slice(c * height * width, height * width);
                Blend(plane.Slice((rows.Near * width) + first, last - first + 1), rows.NearWeight, plane.Slice((rows.Far * width) + first, last - first + 1), rows.FarWeight, _row.AsSpan(first));
                Span<float> line = target.Slice(((c * outHeight) + v) * outWidth, outWidth);
                Gather(line);
                if (blends)
                {
                    float inside = rows.NearWeight + rows.FarWeight;
                    for (int u = 0; u < line.Length; u++)
                        line[u] += fill * (1 - (inside * (_nearWeights[u] + _farWeights[u])));
                }
            }
        }
    }

    // The columns were checked against the width when they were made; a bounds check for each of two loads would double the time.
    private void Gather(Span<float> line)
    {
        ref float row = ref MemoryMarshal.GetArrayDataReference(_row);
        ref int near = ref MemoryMarshal.GetArrayDataReference(_nearColumns);
        ref int far = ref MemoryMarshal.GetArrayDataReference(_farColumns);
        ref float nearWeight = ref MemoryMarshal.GetArrayDataReference(_nearWeights);
        ref float farWeight = ref MemoryMarshal.GetArrayDataReference(_farWeights);
        for (int u = 0; u < line.Length; u++)
        {
            line[u] = (Unsafe.Add(ref nearWeight, u) * Unsafe.Add(ref row, Unsafe.Add(ref near, u)))
                + (Unsafe.Add(ref farWeight, u) * Unsafe.Add(ref row, Unsafe.Add(ref far, u)));
        }
    }

    private static void Blend(ReadOnlySpan<float> near, float nearWeight, ReadOnlySpan<float> far, float farWeight, Span<float> result)
    {
        result = result[..near.Length];
        ref float a = ref MemoryMarshal.GetReference(near);
        ref float b = ref MemoryMarshal.GetReference(far);
        ref float r = ref MemoryMarshal.GetReference(result);
        int i = 0;
        for (; i <= near.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            ((Vector256.LoadUnsafe(ref a, (nuint)i) * nearWeight) + (Vector256.LoadUnsafe(ref b, (nuint)i) * farWeight)).StoreUnsafe(ref r, (nuint)i);
        for (; i < near.Length; i++)
            result[i] = (near[i] * nearWeight) + (far[i] * farWeight);
    }

    private static void ResampleFreely(ReadOnlySpan<float> source, int height, int width, Span<float> target, int outHeight, int outWidth, in PixelMap map, EdgePadding padding, float fill)
    {
        int plane = height * width, outPlane = outHeight * outWidth;
        int channels = source.Length / plane;
        ref float from = ref MemoryMarshal.GetReference(source);
        for (int v = 0; v < outHeight; v++)
        {
            (double startX, double startY) = ((map.Xv * v) + map.X0, (map.Yv * v) + map.Y0);
            for (int u = 0; u < outWidth; u++)
            {
                (double x, double y) = (startX + (map.Xu * u), startY + (map.Yu * u));
                (Taps columns, Taps rows) = (Taps.At(x, width, padding), Taps.At(y, height, padding));
                int at = (v * outWidth) + u;
                float outside = padding == EdgePadding.Fill
                    ? fill * (1 - ((rows.NearWeight + rows.FarWeight) * (columns.NearWeight + columns.FarWeight)))
                    : 0;
                int nearRow = rows.Near * width, farRow = rows.Far * width;
                for (int c = 0; c < channels; c++)
                {
                    // Taps are legal rows and columns by construction.
                    ref float origin = ref Unsafe.Add(ref from, c * plane);
                    float top = (columns.NearWeight * Unsafe.Add(ref origin, nearRow + columns.Near)) + (columns.FarWeight * Unsafe.Add(ref origin, nearRow + columns.Far));
                    float bottom = (columns.NearWeight * Unsafe.Add(ref origin, farRow + columns.Near)) + (columns.FarWeight * Unsafe.Add(ref origin, farRow + columns.Far));
                    target[(c * outPlane) + at] = (rows.NearWeight * top) + (rows.FarWeight * bottom) + outside;
                }
            }
        }
    }

    /// <summary>The two pixels of a row or column that a point lies between, and how much each counts.</summary>
    private readonly record struct Taps(int Near, int Far, float NearWeight, float FarWeight)
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Taps At(double position, int count, EdgePadding padding)
        {
            double floor = Math.Floor(position);
            float far = (float)(position - floor);
            // One comparison for both ends; a position too far away for an integer is outside as well.
            if (floor >= 0 && floor < count - 1)
                return new((int)floor, (int)floor + 1, 1 - far, far);
            return AtBorder(floor, far, count, padding);
        }

        private static Taps AtBorder(double floor, float far, int count, EdgePadding padding)
        {
            long near = (long)Math.Clamp(floor, -1e9, 1e9);
            switch (padding)
            {
                case EdgePadding.Replicate:
                    return new((int)Math.Clamp(near, 0, count - 1), (int)Math.Clamp(near + 1, 0, count - 1), 1 - far, far);
                case EdgePadding.Reflect:
                    return new(Mirrored(near, count), Mirrored(near + 1, count), 1 - far, far);
                default:
                    bool nearIn = near >= 0 && near < count, farIn = near + 1 >= 0 && near + 1 < count;
                    return new(nearIn ? (int)near : 0, farIn ? (int)near + 1 : 0, nearIn ? 1 - far : 0, farIn ? far : 0);
            }
        }

        private static int Mirrored(long index, int count)
        {
            if (count == 1)
                return 0;
            long period = 2L * (count - 1);
            long folded = ((index % period) + period) % period;
            return (int)Math.Min(folded, period - folded);
        }
    }
}
