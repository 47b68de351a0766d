using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Espalier.Networks.Layers;

/// <summary>
/// The gradient of a convolution with respect to its input as one matrix product per image and a fold: each column holds what
/// one place of the kernel gives back to the pixels under it, the fold adds the columns up (col2im).
/// </summary>
/// <remarks>
/// Of strided convolutions the pixels are kept apart by their remainder modulo the stride, so that what one weight of the kernel
/// gives back is one run of memory: the product's rows are as long as these planes' rows.
/// </remarks>
internal static class ColumnFold
{
    // Columns that stay in a core's cache between the product and the fold.
    private const long ColumnValues = 1 << 17;

    /// <summary>∂L/∂input.</summary>
    /// <param name="gradient">∂L/∂output, [batch, filters, output height, output width], float32 on the CPU.</param>
    /// <param name="weight">[filters, channels, kernel, kernel].</param>
    /// <param name="geometry">The convolution's.</param>
    /// <returns>[batch, channels, height, width].</returns>
    public static Tensor InputGradient(Tensor gradient, Tensor weight, ConvolutionGeometry geometry)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        (int batch, int filters) = (checked((int)gradient.shape[0]), (int)weight.shape[0]);
        var planes = new PhasePlanes(geometry);
        int rowValues = geometry.OutputHeight * planes.Pitch;
        int columnRows = geometry.Channels * geometry.Kernel * geometry.Kernel;
        Tensor padded = Padded(gradient.contiguous(), planes.Pitch).view(batch, filters, rowValues);
        Tensor transposed = weight.reshape(filters, columnRows).t().unsqueeze(0);   // [1, channels * kernel², filters]
        Tensor result = torch.empty([batch, geometry.Channels, geometry.Height, geometry.Width]);
        int chunk = (int)Math.Clamp(ColumnValues / ((long)columnRows * rowValues), 1, Math.Max(1, batch));
        for (int start = 0; start < batch; start += chunk)
        {
            int count = Math.Min(chunk, batch - start);
            using Tensor columns = transposed.expand(count, columnRows, filters).bmm(padded.narrow(0, start, count)); // [count, channels * kernel², rowValues]
            int first = start;
            SpatialWork.For(count, (long)columnRows * rowValues, (from, own) =>
            {
                ReadOnlySpan<float> source = MemoryMarshal.Cast<byte, float>(columns.bytes);
                Span<float> target = MemoryMarshal.Cast<byte, float>(result.bytes);
                int perColumn = columnRows * rowValues;
                int perImage = geometry.Channels * geometry.Height * geometry.Width;
                float[] rented = ArrayPool<float>.Shared.Rent(planes.Length);
                Span<float> work = rented.AsSpan(0, planes.Length);
                for (int i = from; i < from + own; i++)
                    planes.Fold(source.Slice(i * perColumn, perColumn), work, target.Slice((first + i) * perImage, perImage));
                ArrayPool<float>.Shared.Return(rented);
            });
        }

        return result.MoveToOuterDisposeScope();
    }

    // libtorch's own pad takes as long as the product where rows are short.
    private static Tensor Padded(Tensor rows, int width)
    {
        int own = (int)rows.shape[3];
        if (own == width)
            return rows;
        Tensor result = torch.empty([.. rows.shape[..3], width]);
        int perImage = checked((int)(rows.shape[1] * rows.shape[2]));
        SpatialWork.For((int)rows.shape[0], (long)perImage * width, (first, count) =>
        {
            ReadOnlySpan<float> source = MemoryMarshal.Cast<byte, float>(rows.bytes);
            Span<float> target = MemoryMarshal.Cast<byte, float>(result.bytes);
            for (int row = first * perImage; row < (first + count) * perImage; row++)
            {
                Span<float> one = target.Slice(row * width, width);
                source.Slice(row * own, own).CopyTo(one);
                one[own..].Clear();
            }
        });
        return result;
    }

    /// <summary>One plane of pixels per remainder of (row, column) modulo the stride, the padding included.</summary>
    private sealed class PhasePlanes
    {
        private readonly ConvolutionGeometry _geometry;
        private readonly int _run;
        private readonly int[] _places;
        private readonly int[] _rows;
        private readonly int _plane;

        public PhasePlanes(ConvolutionGeometry geometry)
        {
            _geometry = geometry;
            (int kernel, int stride, int padding) = (geometry.Kernel, geometry.Stride, geometry.Padding);
            int blocks = (kernel + stride - 1) / stride;
            Pitch = Math.Max(geometry.OutputWidth + blocks - 1, ((geometry.Width - 1 + padding) / stride) + 1);
            int height = Math.Max(geometry.OutputHeight + blocks - 1, ((geometry.Height - 1 + padding) / stride) + 1);
            _run = geometry.OutputHeight * Pitch;
            _plane = (height * Pitch) + blocks;
            Length = stride * stride * _plane;
            _places = [.. Enumerable.Range(0, kernel * kernel).Select(k => At(k / kernel, k % kernel))];
            _rows = [.. Enumerable.Range(padding, geometry.Height).Select(y => At(y, 0))];
            int At(int y, int x) => (((y % stride * stride) + (x % stride)) * _plane) + (y / stride * Pitch) + (x / stride);
        }

        /// <summary>Values of a plane's row, and of a row of a column.</summary>
        public int Pitch { get; }

        /// <summary>Values of all planes of a channel.</summary>
        public int Length { get; }

        /// <summary>Adds up the columns of an image.</summary>
        /// <param name="columns">[channels, kernel, kernel, output height, pitch], zero beyond the output's width.</param>
        /// <param name="planes">Room for <see cref="Length"/> values.</param>
        /// <param name="image">[channels, height, width].</param>
        public void Fold(ReadOnlySpan<float> columns, Span<float> planes, Span<float> image)
        {
            int pixels = _geometry.Height * _geometry.Width;
            for (int channel = 0; channel < _geometry.Channels; channel++)
            {
                planes.Clear();
                foreach (int place in _places)
                {
                    Add(columns[.._run], planes.Slice(place, _run));
                    columns = columns[_run..];
                }

                Gather(planes, image[..pixels]);
                image = image[pixels..];
            }
        }

        // Runs are too short for a library's general case to pay.
        private static void Add(ReadOnlySpan<float> values, Span<float> target)
        {
            int i = 0;
            ref float from = ref MemoryMarshal.GetReference(values);
            ref float to = ref MemoryMarshal.GetReference(target);
            for (; i + Vector256<float>.Count <= values.Length; i += Vector256<float>.Count)
                (Vector256.LoadUnsafe(ref from, (nuint)i) + Vector256.LoadUnsafe(ref to, (nuint)i)).StoreUnsafe(ref to, (nuint)i);
            for (; i < values.Length; i++)
                target[i] += values[i];
        }

        private void Gather(ReadOnlySpan<float> planes, Span<float> channel)
        {
            (int stride, int padding, int width) = (_geometry.Stride, _geometry.Padding, _geometry.Width);
            (int even, int odd) = ((padding % 2 * _plane) + (padding / 2), ((padding + 1) % 2 * _plane) + ((padding + 1) / 2));
            foreach (int start in _rows)
            {
                ReadOnlySpan<float> row = planes[start..];
                Span<float> target = channel[..width];
                channel = channel[width..];
                if (stride == 1)
                    row.Slice(padding, width).CopyTo(target);
                else if (stride == 2)
                    Interleave(row[even..], row[odd..], target);
                else
                    for (int x = 0; x < width; x++)
                        target[x] = row[((x + padding) % stride * _plane) + ((x + padding) / stride)];
            }
        }

        private static void Interleave(ReadOnlySpan<float> even, ReadOnlySpan<float> odd, Span<float> target)
        {
            int pairs = target.Length / 2;
            int i = 0;
            while (i < pairs && pairs >= Vector128<float>.Count)
            {
                i = Math.Min(i, pairs - Vector128<float>.Count); // the last four once more rather than one by one
                Vector256<float> both = Vector256.Create(Vector128.Create(even[i..]), Vector128.Create(odd[i..]));
                Vector256.Shuffle(both, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).CopyTo(target[(2 * i)..]);
                i += Vector128<float>.Count;
            }

            for (; i < pairs; i++)
                (target[2 * i], target[(2 * i) + 1]) = (even[i], odd[i]);
            if (target.Length % 2 == 1)
                target[^1] = even[pairs];
        }
    }
}
