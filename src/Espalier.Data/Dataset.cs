using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Espalier.Data.Images;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Data;

/// <summary>
/// A labelled data set in memory: one tensor of inputs, gathered by index, never sample by sample. Images may be held
/// as bytes; a batch of them is converted to float32 and scaled as it is gathered. Tokens (int64) are gathered as they
/// are; windows of a text overlap in memory, so that a long text is held once.
/// </summary>
public sealed class Dataset : ISampleSource<LabelledBatch>, IDisposable
{
    private Tensor _inputs;
    private readonly double _scale;

    // What the inputs are views of where they are windows that overlap.
    private Tensor? _stream;
    private readonly int _stride;

    /// <summary>Takes over the tensors: they are freed with the data set.</summary>
    /// <param name="name">The data set's name.</param>
    /// <param name="inputs">[n, ...], float32; uint8 for images; int64, not negative, for tokens; float64 stays float64, for checks against a reference.</param>
    /// <param name="labels">[n], int64, in 0..<paramref name="classNames"/>.Count-1.</param>
    /// <param name="classNames">One name per class.</param>
    /// <param name="bounds">The box that inputs live in after scaling; [0, 1] where null.</param>
    /// <param name="scale">What inputs are multiplied by when gathered: 1/255 for bytes as images, else 1.</param>
    /// <exception cref="DataException">Counts differ, a label is out of range, an input is NaN or infinite, a token is negative.</exception>
    public Dataset(string name, Tensor inputs, Tensor labels, IReadOnlyList<string> classNames, InputBounds? bounds = null, double scale = 1)
        : this(name, Contiguous(inputs), null, 0, labels, classNames, bounds, scale)
    {
    }

    private Dataset(string name, Tensor inputs, Tensor? stream, int stride, Tensor labels, IReadOnlyList<string> classNames, InputBounds? bounds, double scale)
    {
        Name = name;
        _inputs = inputs.DetachFromDisposeScope();
        _stream = stream?.DetachFromDisposeScope();
        _stride = stride;
        Labels = labels.DetachFromDisposeScope();
        ClassNames = classNames;
        Bounds = bounds ?? InputBounds.Unit;
        _scale = scale;
        Count = checked((int)_inputs.shape[0]);
        InputShape = _inputs.shape[1..];
        try
        {
            Check();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The windows of a stream of tokens, which is held once however much they overlap. They have no classes: all labels are 0.</summary>
    /// <param name="name">The data set's name.</param>
    /// <param name="stream">[tokens], int64, not negative; taken over.</param>
    /// <param name="length">Tokens of a window, at least 1.</param>
    /// <param name="stride">Tokens from the start of one window to the next, at least 1. What is left at the end is in no window.</param>
    /// <param name="most">The largest number of windows, from the start; all where null.</param>
    /// <returns>Inputs [length], int64.</returns>
    /// <exception cref="DataException">The stream is shorter than a window, or a token is negative.</exception>
    public static Dataset Windows(string name, Tensor stream, int length, int stride, int? most = null)
    {
        OptionsException.Require(length >= 1, nameof(length), length, "must be at least 1");
        OptionsException.Require(stride >= 1, nameof(stride), stride, "must be at least 1");
        OptionsException.Require(most is null or >= 1, nameof(most), most, "must be at least 1");
        if (stream.dim() != 1 || stream.dtype != torch.int64 || !stream.is_contiguous())
            throw new ShapeException("stream", stream.shape, "[tokens], int64, contiguous");
        long tokens = stream.shape[0];
        if (tokens < length)
            throw new DataException(name, $"has {tokens} tokens, fewer than a window of {length}", "give a longer text or shorter windows");
        long count = Math.Min(((tokens - length) / stride) + 1, most ?? long.MaxValue);
        return new Dataset(name, stream.as_strided([count, length], [stride, 1]), stream, stride, torch.zeros(count, dtype: torch.int64, device: stream.device), ["text"], null, 1);
    }

    /// <summary>The data set's name.</summary>
    public string Name { get; }

    /// <summary>Number of samples.</summary>
    public int Count { get; }

    /// <summary>Shape of one input, without the batch dimension.</summary>
    public IReadOnlyList<long> InputShape { get; }

    /// <summary>The labels, [n], int64.</summary>
    public Tensor Labels { get; private set; }

    /// <summary>One name per class.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of classes.</summary>
    public int ClassCount => ClassNames.Count;

    /// <summary>The box that gathered inputs live in.</summary>
    public InputBounds Bounds { get; }

    /// <summary>Whether inputs are tokens (int64) and not numbers.</summary>
    public bool IsTokens => _inputs.dtype == torch.int64;

    /// <summary>Where the inputs and labels live.</summary>
    public torch.Device Device => _inputs.device;

    long ISampleSource<LabelledBatch>.Count => Count;

    /// <summary>A checksum of inputs, shape, scale and labels, made when first asked for.</summary>
    public string Fingerprint => field ??= ContentChecksum.Of(Memory, Labels, [Count, .. InputShape], _scale);

    /// <summary>All labels as an array.</summary>
    public long[] LabelArray()
    {
        using Tensor labels = Labels.cpu();
        return labels.data<long>().ToArray();
    }

    /// <summary>Gathers samples. The tensors belong to the caller's dispose scope.</summary>
    /// <param name="indices">Which samples, in 0..<see cref="Count"/>-1, in the order wanted.</param>
    /// <returns>Inputs [n, ...<see cref="InputShape"/>], float32 and scaled, or int64 where they are tokens; labels [n], int64.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
    public LabelledBatch Gather(IReadOnlyList<int> indices) => Gathered(Checked(indices), 0);

    /// <summary>Gathers samples at a place of the sample stream. The tensors belong to the caller's dispose scope.</summary>
    /// <param name="indices">Which samples, in 0..<see cref="Count"/>-1, in the order wanted.</param>
    /// <param name="position">The position of the first of them.</param>
    /// <returns>Inputs [n, ...<see cref="InputShape"/>], float32 and scaled, or int64 where they are tokens; labels [n], int64.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
    public LabelledBatch Gather(ReadOnlySpan<long> indices, long position)
    {
        foreach (long index in indices)
            Require(index);
        return Gathered(indices.ToArray(), position);
    }

    private LabelledBatch Gathered(long[] chosen, long position)
    {
        using var scope = torch.NewDisposeScope();
        using Tensor index = torch.tensor(chosen, dtype: torch.int64, device: _inputs.device);
        Tensor inputs = CanCopyRows ? CopyRows(chosen) : Scaled(_inputs.index_select(0, index));
        Tensor labels = Labels.index_select(0, index);
        return new LabelledBatch(inputs.MoveToOuterDisposeScope(), labels.MoveToOuterDisposeScope()) { Position = position };
    }

    /// <summary>The first samples as one batch, in order. The tensors belong to the caller's dispose scope.</summary>
    /// <param name="count">How many; all where null or where there are fewer.</param>
    public LabelledBatch First(int? count) => Gather([.. Enumerable.Range(0, Math.Min(count ?? Count, Count))]);

    /// <summary>All samples as one batch, in order. The tensors belong to the caller's dispose scope.</summary>
    public LabelledBatch All() => Gather([.. Enumerable.Range(0, Count)]);

    /// <summary>All samples in order, batch by batch, so that no more than one batch is held as numbers at a time.</summary>
    /// <param name="size">Samples of a batch; as many as fit into 128 MiB, at most 4,096, where null.</param>
    /// <returns>Each batch is freed when the next one is asked for.</returns>
    /// <exception cref="OptionsException">The size is below 1.</exception>
    public IEnumerable<LabelledBatch> Batches(int? size = null)
    {
        OptionsException.Require(size is null or >= 1, nameof(size), size, "must be at least 1");
        const long Budget = 128L << 20;
        const int Most = 4096;
        const int Step = 512;
        long each = Math.Max(1, InputShape.Aggregate(1L, (a, b) => a * b) * sizeof(float));
        int fits = (int)Math.Clamp(Budget / each, 1, Most);

        // A multiple of what a classifier takes at once, or it would take crooked pieces.
        int count = size ?? (fits > Step ? fits / Step * Step : fits);
        for (int start = 0; start < Count; start += count)
        {
            using LabelledBatch batch = Gather([.. Enumerable.Range(start, Math.Min(count, Count - start))]);
            yield return batch;
        }
    }

    /// <summary>A new data set of some samples, with memory of its own.</summary>
    /// <param name="indices">Which samples, in the order wanted.</param>
    /// <param name="name">Its name; this one's where null.</param>
    public Dataset Subset(IReadOnlyList<int> indices, string? name = null)
    {
        using Tensor index = torch.tensor(Checked(indices), dtype: torch.int64, device: _inputs.device);
        return new Dataset(name ?? Name, _inputs.index_select(0, index), Labels.index_select(0, index), ClassNames, Bounds, _scale);
    }

    /// <summary>A new data set of smaller images, float32.</summary>
    /// <param name="factor">Each pixel becomes the mean of a square of so many on a side.</param>
    /// <exception cref="OptionsException">The inputs are no images, or the factor does not divide height and width.</exception>
    public Dataset Shrink(int factor)
    {
        OptionsException.Require(InputShape is [_, var height, var width] && height % factor == 0 && width % factor == 0, "shrink", factor,
            $"must divide height and width of images; inputs are [{string.Join(", ", InputShape)}]");
        using var scope = torch.NewDisposeScope();
        var parts = new List<Tensor>();
        for (int start = 0; start < Count; start += 4096)
            parts.Add(torch.nn.functional.avg_pool2d(Gather([.. Enumerable.Range(start, Math.Min(4096, Count - start))]).Inputs, factor));
        return new Dataset(Name, torch.cat(parts), Labels.clone(), ClassNames, Bounds);
    }

    /// <summary>A new data set of the same samples in single precision, with its bounds rounded alike; other types stay as they are.</summary>
    internal Dataset ToSingle()
    {
        if (_inputs.dtype != torch.float64)
            return new Dataset(Name, _inputs.clone(), Labels.clone(), ClassNames, Bounds, _scale);
        InputBounds bounds = Bounds == InputBounds.Unit || Bounds == InputBounds.Unbounded ? Bounds
            : InputBounds.PerFeature([.. Bounds.LowerValues.Select(v => (double)(float)v)], [.. Bounds.UpperValues.Select(v => (double)(float)v)]);
        return new Dataset(Name, _inputs.to(torch.float32), Labels.clone(), ClassNames, bounds, _scale);
    }

    /// <summary>Whether the inputs are held in double precision.</summary>
    internal bool IsDouble => _inputs.dtype == torch.float64;

    /// <summary>Moves the data to a device, as a module's <c>to</c> moves its weights: what lay elsewhere is freed.</summary>
    /// <param name="device">Where to.</param>
    /// <returns>This data set.</returns>
    public Dataset To(torch.Device device)
    {
        if (_stream is null)
        {
            _inputs = Moved(_inputs, device);
        }
        else
        {
            long[] shape = _inputs.shape;
            _inputs.Dispose();
            _stream = Moved(_stream, device);
            _inputs = _stream.as_strided(shape, [_stride, 1]).DetachFromDisposeScope();
        }

        Labels = Moved(Labels, device);
        return this;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inputs.Dispose();
        _stream?.Dispose();
        Labels.Dispose();
    }

    // Rows are copied here rather than by libtorch where they lie in plain memory: a loader's thread would otherwise
    // start a second pool of OpenMP threads that competes with the one of the training thread.
    private bool CanCopyRows => _inputs.device_type == DeviceType.CPU
        && _inputs.dtype is torch.ScalarType.Byte or torch.ScalarType.Float32 or torch.ScalarType.Int64
        && Memory.NumberOfElements * _inputs.ElementSize < int.MaxValue;

    // Contiguous, unlike windows.
    private Tensor Memory => _stream ?? _inputs;

    private Tensor CopyRows(long[] rows)
    {
        Tensor result = torch.empty([rows.Length, .. InputShape], dtype: IsTokens ? torch.int64 : torch.float32);
        if (rows.Length == 0)
            return result;
        if (IsTokens)
        {
            CopyTokens(rows, MemoryMarshal.Cast<byte, long>(Memory.bytes), MemoryMarshal.Cast<byte, long>(result.bytes));
            return result;
        }

        Span<float> target = MemoryMarshal.Cast<byte, float>(result.bytes);
        int width = target.Length / rows.Length;
        if (_inputs.dtype == torch.float32)
        {
            ReadOnlySpan<float> source = MemoryMarshal.Cast<byte, float>(_inputs.bytes);
            for (int i = 0; i < rows.Length; i++)
                source.Slice((int)rows[i] * width, width).CopyTo(target[(i * width)..]);
            if (_scale != 1)
                TensorPrimitives.Multiply(target, (float)_scale, target);
            return result;
        }

        ReadOnlySpan<byte> bytes = _inputs.bytes;
        for (int i = 0; i < rows.Length; i++)
            ByteScaling.Convert(bytes.Slice((int)rows[i] * width, width), (float)_scale, target.Slice(i * width, width));
        return result;
    }

    private void CopyTokens(long[] rows, ReadOnlySpan<long> source, Span<long> target)
    {
        int width = target.Length / rows.Length;
        int stride = _stream is null ? width : _stride;
        for (int i = 0; i < rows.Length; i++)
            source.Slice((int)rows[i] * stride, width).CopyTo(target[(i * width)..]);
    }

    private long[] Checked(IReadOnlyList<int> indices)
    {
        // An array behind its interface costs a call per element.
        int[] plain = indices as int[] ?? [.. indices];
        long[] chosen = new long[plain.Length];
        for (int i = 0; i < chosen.Length; i++)
        {
            Require(plain[i]);
            chosen[i] = plain[i];
        }

        return chosen;
    }

    private void Require(long index)
    {
        if ((ulong)index >= (ulong)Count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"{Name} has samples 0 to {Count - 1}");
    }

    private static Tensor Moved(Tensor tensor, torch.Device device)
    {
        Tensor moved = tensor.MovedTo(device);
        return ReferenceEquals(moved, tensor) ? tensor : moved.DetachFromDisposeScope();
    }

    private static Tensor Contiguous(Tensor inputs)
    {
        if (inputs.is_contiguous())
            return inputs;
        Tensor packed = inputs.contiguous();
        inputs.Dispose();
        return packed;
    }

    private Tensor Scaled(Tensor raw)
    {
        if (raw.dtype == torch.int64)
            return raw;
        if (!raw.is_floating_point())
            raw = raw.to(torch.float32);
        return _scale == 1 ? raw : raw.mul_(_scale);
    }

    private void Check()
    {
        if (Count == 0)
            throw new DataException(Name, "has no samples", "give at least one");
        if (Labels.shape is not [var labelCount] || labelCount != Count || Labels.dtype != torch.int64)
            throw new DataException(Name, $"has {Count} inputs but labels of shape [{string.Join(", ", Labels.shape)}], {Labels.dtype}", "give one int64 label per input");
        long[] labels = LabelArray();
        int bad = Array.FindIndex(labels, l => l < 0 || l >= ClassCount);
        if (bad >= 0)
            throw new DataException(Name, $"label {labels[bad]} of sample {bad} is out of range", $"labels run from 0 to {ClassCount - 1}");
        if (IsTokens)
            CheckTokens();
        if (!_inputs.is_floating_point())
            return;
        using var scope = torch.NewDisposeScope();
        Tensor finite = _inputs.isfinite().reshape(Count, -1).all(1);
        if (!finite.all().item<bool>())
        {
            long row = finite.logical_not().to(torch.int64).argmax().item<long>();
            throw new DataException(Name, $"sample {row} holds a NaN or an infinite value", "remove or impute it before training");
        }
    }

    private void CheckTokens()
    {
        using var scope = torch.NewDisposeScope();
        if (Memory.numel() > 0 && Memory.min().item<long>() is < 0 and var least)
            throw new DataException(Name, $"holds the token {least}", "tokens are numbers from 0 on");
    }
}
