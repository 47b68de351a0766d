using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Espalier.Errors;

namespace Espalier.Files;

/// <summary>
/// One array in NumPy's <c>.npy</c> format (numpy.lib.format, versions 1 to 3): plain numbers only. Object arrays, which are
/// pickles and may run code when they are loaded in Python, and records are refused.
/// </summary>
public sealed partial class NpyArray
{
    private const int LongestHeader = 1 << 16;
    private const int Alignment = 64;

    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    private static readonly Dictionary<string, NpyType> Types = new(StringComparer.Ordinal)
    {
        ["b1"] = NpyType.Bool,
        ["i1"] = NpyType.Int8,
        ["i2"] = NpyType.Int16,
        ["i4"] = NpyType.Int32,
        ["i8"] = NpyType.Int64,
        ["u1"] = NpyType.UInt8,
        ["u2"] = NpyType.UInt16,
        ["u4"] = NpyType.UInt32,
        ["u8"] = NpyType.UInt64,
        ["f4"] = NpyType.Float32,
        ["f8"] = NpyType.Float64,
    };

    private readonly byte[] _bytes;

    private NpyArray(NpyType type, long[] shape, byte[] bytes) => (Type, Shape, _bytes) = (type, shape, bytes);

    /// <summary>The elements' type.</summary>
    public NpyType Type { get; }

    /// <summary>The shape; empty for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements.</summary>
    public int Count => _bytes.Length / SizeOf(Type);

    /// <summary>The elements in row-major order, little-endian.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>An array of doubles.</summary>
    /// <param name="values">The elements in row-major order; copied.</param>
    /// <param name="shape">The shape; one dimension where left out.</param>
    /// <exception cref="ShapeException">The shape has another number of elements.</exception>
    public static NpyArray Of(ReadOnlySpan<double> values, params long[] shape) => Of(NpyType.Float64, values, shape);

    /// <summary>An array of floats.</summary>
    /// <param name="values">The elements in row-major order; copied.</param>
    /// <param name="shape">The shape; one dimension where left out.</param>
    /// <exception cref="ShapeException">The shape has another number of elements.</exception>
    public static NpyArray Of(ReadOnlySpan<float> values, params long[] shape) => Of(NpyType.Float32, values, shape);

    /// <summary>An array of 64-bit integers.</summary>
    /// <param name="values">The elements in row-major order; copied.</param>
    /// <param name="shape">The shape; one dimension where left out.</param>
    /// <exception cref="ShapeException">The shape has another number of elements.</exception>
    public static NpyArray Of(ReadOnlySpan<long> values, params long[] shape) => Of(NpyType.Int64, values, shape);

    /// <summary>An array of 32-bit integers.</summary>
    /// <param name="values">The elements in row-major order; copied.</param>
    /// <param name="shape">The shape; one dimension where left out.</param>
    /// <exception cref="ShapeException">The shape has another number of elements.</exception>
    public static NpyArray Of(ReadOnlySpan<int> values, params long[] shape) => Of(NpyType.Int32, values, shape);

    /// <summary>An array of bytes.</summary>
    /// <param name="values">The elements in row-major order; copied.</param>
    /// <param name="shape">The shape; one dimension where left out.</param>
    /// <exception cref="ShapeException">The shape has another number of elements.</exception>
    public static NpyArray Of(ReadOnlySpan<byte> values, params long[] shape) => Of(NpyType.UInt8, values, shape);

    /// <summary>A tensor's values.</summary>
    /// <param name="tensor">Any shape; of a type that NumPy has too.</param>
    /// <exception cref="ShapeException">NumPy has no such type.</exception>
    public static NpyArray Of(Tensor tensor)
    {
        NpyType type = tensor.dtype switch
        {
            torch.ScalarType.Bool => NpyType.Bool,
            torch.ScalarType.Int8 => NpyType.Int8,
            torch.ScalarType.Int16 => NpyType.Int16,
            torch.ScalarType.Int32 => NpyType.Int32,
            torch.ScalarType.Int64 => NpyType.Int64,
            torch.ScalarType.Byte => NpyType.UInt8,
            torch.ScalarType.Float32 => NpyType.Float32,
            torch.ScalarType.Float64 => NpyType.Float64,
            _ => throw new ShapeException($"a tensor of type {tensor.dtype}", tensor.shape, "a type that .npy files have: convert it to float32 first"),
        };
        using var scope = torch.NewDisposeScope();
        return new NpyArray(type, tensor.shape, tensor.numel() == 0 ? [] : tensor.detach().cpu().contiguous().bytes.ToArray());
    }

    /// <summary>The array as a tensor on the CPU, in the caller's dispose scope; 16- and 32-bit unsigned integers become wider signed ones.</summary>
    /// <exception cref="DataException">A 64-bit unsigned integer is beyond the signed ones.</exception>
    public Tensor ToTensor()
    {
        switch (Type)
        {
            case NpyType.UInt16:
                return torch.tensor(Array.ConvertAll(Values<ushort>().ToArray(), v => (int)v)).reshape([.. Shape]);
            case NpyType.UInt32:
                return torch.tensor(Array.ConvertAll(Values<uint>().ToArray(), v => (long)v)).reshape([.. Shape]);
            case NpyType.UInt64 when Values<ulong>().IndexOfAnyExceptInRange(0ul, (ulong)long.MaxValue) is >= 0 and int bad:
                throw new DataException("an array of uint64", $"element {bad} is beyond 2^63 - 1", "store it as int64 or float64");
            default:
                Tensor tensor = torch.empty([.. Shape], dtype: Type switch
                {
                    NpyType.Bool => torch.ScalarType.Bool,
                    NpyType.Int8 => torch.ScalarType.Int8,
                    NpyType.Int16 => torch.ScalarType.Int16,
                    NpyType.Int32 => torch.ScalarType.Int32,
                    NpyType.UInt8 => torch.ScalarType.Byte,
                    NpyType.Float32 => torch.ScalarType.Float32,
                    NpyType.Float64 => torch.ScalarType.Float64,
                    _ => torch.ScalarType.Int64,
                });
                if (_bytes.Length > 0)
                    _bytes.CopyTo(tensor.bytes);
                return tensor;
        }
    }

    /// <summary>The elements as doubles, in row-major order.</summary>
    public double[] ToDoubles() => Type switch
    {
        NpyType.Float64 => Values<double>().ToArray(),
        NpyType.Float32 => Converted<float>(v => v),
        NpyType.Int64 => Converted<long>(v => v),
        NpyType.UInt64 => Converted<ulong>(v => v),
        NpyType.Int32 => Converted<int>(v => v),
        NpyType.UInt32 => Converted<uint>(v => v),
        NpyType.Int16 => Converted<short>(v => v),
        NpyType.UInt16 => Converted<ushort>(v => v),
        NpyType.Int8 => Converted<sbyte>(v => v),
        _ => Converted<byte>(v => v),
    };

    /// <summary>The elements as 64-bit integers, in row-major order.</summary>
    /// <exception cref="DataException">The elements are no integers, or one is beyond 2^63 - 1.</exception>
    public long[] ToLongs()
    {
        if (Type is NpyType.Float32 or NpyType.Float64)
            throw new DataException($"an array of {Type}", "holds no integers", "give an array of integers");
        using var scope = torch.NewDisposeScope();
        return ToTensor().to(torch.int64).data<long>().ToArray();
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It is missing, truncated, too long, or holds no plain numbers.</exception>
    public static NpyArray Read(string path)
    {
        if (!File.Exists(path))
            throw new CheckpointException(path, "the file does not exist", "check the path");
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Read(stream, path, stream.Length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, "cannot be read", error.Message, error);
        }
    }

    /// <summary>Writes a file; it is whole or absent.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string path) => AtomicFile.Replace(path, Write);

    /// <summary>Writes the array to a stream.</summary>
    /// <param name="stream">Any stream.</param>
    public void Write(Stream stream)
    {
        string shape = Shape.Count == 1 ? string.Create(CultureInfo.InvariantCulture, $"({Shape[0]},)") : $"({string.Join(", ", Shape)})";
        string code = Types.First(t => t.Value == Type).Key;
        string header = $"{{'descr': '{(SizeOf(Type) == 1 ? '|' : '<')}{code}', 'fortran_order': False, 'shape': {shape}, }}";
        int start = Magic.Length + 4;
        int padded = (start + header.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] head = new byte[padded];
        Magic.CopyTo(head, 0);
        head[Magic.Length] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(start - 2), (ushort)(padded - start));
        head.AsSpan(start).Fill((byte)' ');
        Encoding.ASCII.GetBytes(header, head.AsSpan(start));
        head[^1] = (byte)'\n';
        stream.Write(head);
        stream.Write(_bytes);
    }

    /// <summary>Reads an array that takes a stream to its end.</summary>
    /// <param name="stream">Any stream.</param>
    /// <param name="source">What it is, for messages.</param>
    /// <param name="length">How many bytes there are.</param>
    /// <exception cref="CheckpointException">Truncated, too long, or no plain numbers.</exception>
    public static NpyArray Read(Stream stream, string source, long length)
    {
        byte[] start = new byte[Magic.Length + 2];
        if (stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start.AsSpan(0, Magic.Length).SequenceEqual(Magic))
            throw Broken(source, "is no .npy array");
        (int major, int minor) = (start[^2], start[^1]);
        if (major is < 1 or > 3 || minor != 0)
            throw Broken(source, $"has version {major}.{minor} of the format; 1.0 to 3.0 are known");
        byte[] lengthBytes = new byte[major == 1 ? 2 : 4];
        if (stream.ReadAtLeast(lengthBytes, lengthBytes.Length, throwOnEndOfStream: false) < lengthBytes.Length)
            throw Broken(source, "ends within its header");
        long headerLength = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthBytes) : BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (headerLength > LongestHeader)
            throw Broken(source, $"claims a header of {headerLength} bytes");
        byte[] header = new byte[headerLength];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
            throw Broken(source, "ends within its header");
        (NpyType type, bool isBigEndian, bool isFortran, long[] shape) = Parse(Encoding.UTF8.GetString(header), source);

        int size = SizeOf(type);
        long present = length - start.Length - lengthBytes.Length - headerLength;
        // Saturates: a shape from a damaged file may not fit into a long.
        long wanted = shape.Aggregate((long)size, (a, b) => b == 0 ? 0 : a > long.MaxValue / b ? long.MaxValue : a * b);
        if (wanted != present)
            throw Broken(source, present < wanted ? $"is truncated: {present} of {wanted} bytes of values" : $"has {present - wanted} bytes too many");
        if (wanted > Array.MaxLength)
            throw Broken(source, $"has {wanted} bytes of values, more than one array can hold here");
        byte[] bytes = new byte[wanted];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw Broken(source, "ends within its values");
        if (isBigEndian && size > 1)
        {
            for (int i = 0; i < bytes.Length; i += size)
                bytes.AsSpan(i, size).Reverse();
        }

        if (type == NpyType.Bool && bytes.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)1) >= 0)
            throw Broken(source, "holds a truth value that is neither 0 nor 1");
        return new NpyArray(type, shape, isFortran && shape.Length > 1 ? RowMajor(bytes, shape, size) : bytes);
    }

    private static NpyArray Of<T>(NpyType type, ReadOnlySpan<T> values, long[] shape) where T : unmanaged
    {
        long[] own = shape.Length == 0 ? [values.Length] : [.. shape];
        if (own.Aggregate(1L, (a, b) => a * b) != values.Length)
            throw new ShapeException($"{values.Length} values", own, $"a shape of {values.Length} elements");
        return new NpyArray(type, own, MemoryMarshal.AsBytes(values).ToArray());
    }

    private static (NpyType Type, bool IsBigEndian, bool IsFortran, long[] Shape) Parse(string header, string source)
    {
        Match match = Header().Match(header);
        if (!match.Success)
            throw Broken(source, "has a header that is none of plain numbers (objects and records are not read: they can hold code)");
        string descr = match.Groups["descr"].Value;
        if (!Types.TryGetValue(descr[1..], out NpyType type) || (descr[0] == '|' && SizeOf(type) > 1))
            throw Broken(source, $"holds elements of type '{descr}', which are not read");
        try
        {
            long[] shape = [.. match.Groups["size"].Captures.Select(c => long.Parse(c.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture))];
            return (type, descr[0] == '>', match.Groups["fortran"].Value == "True", shape);
        }
        catch (OverflowException error)
        {
            throw Broken(source, "has a dimension beyond 2^63 - 1", error);
        }
    }

    private static byte[] RowMajor(byte[] columns, long[] shape, int size)
    {
        byte[] rows = new byte[columns.Length];
        long[] strides = new long[shape.Length];
        strides[0] = size;
        for (int d = 1; d < shape.Length; d++)
            strides[d] = strides[d - 1] * shape[d - 1];
        long[] index = new long[shape.Length];
        long from = 0;
        for (int to = 0; to < rows.Length; to += size)
        {
            columns.AsSpan((int)from, size).CopyTo(rows.AsSpan(to));
            for (int d = shape.Length - 1; d >= 0; d--)
            {
                from += strides[d];
                if (++index[d] < shape[d])
                    break;
                from -= strides[d] * shape[d];
                index[d] = 0;
            }
        }

        return rows;
    }

    private ReadOnlySpan<T> Values<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(_bytes);

    private double[] Converted<T>(Converter<T, double> convert) where T : unmanaged => Array.ConvertAll(Values<T>().ToArray(), convert);

    private static int SizeOf(NpyType type) => type switch
    {
        NpyType.Bool or NpyType.Int8 or NpyType.UInt8 => 1,
        NpyType.Int16 or NpyType.UInt16 => 2,
        NpyType.Int32 or NpyType.UInt32 or NpyType.Float32 => 4,
        _ => 8,
    };

    private static CheckpointException Broken(string source, string problem, Exception? inner = null) =>
        new(source, problem, "write it again, with numpy.save or numpy.savez of plain numbers", inner);

    // The keys in NumPy's order, which is alphabetical.
    [GeneratedRegex(@"^\{'descr': '(?<descr>[<>|=][a-z]\d{1,2})', 'fortran_order': (?<fortran>True|False), 'shape': \((?:(?<size>\d+), ?)*(?<size>\d+)?\),? ?\} *\n?$")]
    private static partial Regex Header();
}
