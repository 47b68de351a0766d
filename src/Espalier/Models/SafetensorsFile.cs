using System.Buffers.Binary;
using System.Text.Json;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Models;

/// <summary>
/// A safetensors file: an 8-byte length, a JSON header, raw little-endian data. Reading opens and checks the header and
/// loads tensors one by one, each straight into its own memory: no copy of the file is made. It is read rather than mapped,
/// since a mapped file that shrinks meanwhile would end the process instead of giving an error. Writing goes to a temporary name, is flushed to disk and moved, so that a file is whole or
/// absent.
/// </summary>
public sealed class SafetensorsFile
{
    private static readonly Dictionary<string, torch.ScalarType> Types = new()
    {
        ["F64"] = torch.ScalarType.Float64,
        ["F32"] = torch.ScalarType.Float32,
        ["F16"] = torch.ScalarType.Float16,
        ["BF16"] = torch.ScalarType.BFloat16,
        ["I64"] = torch.ScalarType.Int64,
        ["I32"] = torch.ScalarType.Int32,
        ["I16"] = torch.ScalarType.Int16,
        ["I8"] = torch.ScalarType.Int8,
        ["U8"] = torch.ScalarType.Byte,
        ["BOOL"] = torch.ScalarType.Bool,
    };

    /// <summary>The format's own limit: a longer header is an attack, not a model.</summary>
    private const long LongestHeader = 100_000_000;

    private const int MostDimensions = 64;

    /// <summary>Bytes read or written at once: a span cannot hold two gigabytes.</summary>
    private const int Chunk = 1 << 26;

    private readonly Dictionary<string, (torch.ScalarType Type, long[] Shape, long Start, long End)> _tensors;
    private readonly long _dataStart;

    private SafetensorsFile(string path, Dictionary<string, string> metadata, Dictionary<string, (torch.ScalarType, long[], long, long)> tensors, long dataStart)
    {
        Path = path;
        Metadata = metadata;
        _tensors = tensors;
        _dataStart = dataStart;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors' names, in the file's order.</summary>
    public IEnumerable<string> Names => _tensors.Keys;

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is missing, truncated or no safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path))
            throw new CheckpointException(path, "the file does not exist", "check the path");
        using FileStream stream = Opened(path);
        Span<byte> lengthBytes = stackalloc byte[8];
        if (stream.ReadAtLeast(lengthBytes, 8, throwOnEndOfStream: false) < 8)
            throw Broken(path, $"has {stream.Length} bytes, too few for a header");
        long length = BinaryPrimitives.ReadInt64LittleEndian(lengthBytes);
        if (length < 2 || length > stream.Length - 8)
            throw Broken(path, $"claims a header of {length} bytes in a file of {stream.Length}");
        if (length > LongestHeader)
            throw Broken(path, $"claims a header of {length} bytes, above the format's limit of {LongestHeader}");
        byte[] header = new byte[length];
        stream.ReadExactly(header);
        return new SafetensorsFile(path, [], [], 8 + length).WithHeader(header, stream.Length - 8 - length);
    }

    /// <summary>Whether the file holds a tensor of that name.</summary>
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <summary>The shape of a tensor.</summary>
    /// <exception cref="CheckpointException">There is none of that name.</exception>
    public IReadOnlyList<long> ShapeOf(string name) => Entry(name).Shape;

    /// <summary>The type of a tensor's elements.</summary>
    /// <exception cref="CheckpointException">There is none of that name.</exception>
    public torch.ScalarType TypeOf(string name) => Entry(name).Type;

    /// <summary>Loads a tensor, which belongs to the caller's dispose scope.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="device">Where to; the CPU where null.</param>
    /// <exception cref="CheckpointException">There is none of that name.</exception>
    public Tensor Load(string name, torch.Device? device = null)
    {
        (torch.ScalarType type, long[] shape, long start, long end) = Entry(name);
        Tensor tensor = torch.empty(shape, dtype: type);
        try
        {
            using FileStream stream = Opened(Path);
            stream.Position = _dataStart + start;
            foreach (Tensor part in Parts(tensor))
            {
                using (part)
                    stream.ReadExactly(part.bytes);
            }
        }
        catch (IOException error)
        {
            tensor.Dispose();
            throw Broken(Path, $"ends inside tensor '{name}', or cannot be read", error);
        }

        if (device is null || device.type == DeviceType.CPU)
            return tensor;
        using (tensor)
            return tensor.to(device);
    }

    /// <summary>Copies a stored tensor into an existing one of the same shape.</summary>
    /// <param name="name">Its name in the file.</param>
    /// <param name="target">What takes the values; converted to its type and device.</param>
    /// <exception cref="CheckpointException">There is none of that name, or the shapes differ (never broadcast).</exception>
    public void LoadInto(string name, Tensor target)
    {
        (_, long[] shape, _, _) = Entry(name);
        if (!shape.AsSpan().SequenceEqual(target.shape))
            throw new CheckpointException(Path, $"tensor '{name}' has shape [{string.Join(", ", shape)}] but the model's is [{string.Join(", ", target.shape)}]", "load it into the model it was saved from");
        using var noGradients = torch.no_grad();
        using Tensor loaded = Load(name);
        target.copy_(loaded);
    }

    /// <summary>Writes a file.</summary>
    /// <param name="path">Where; an existing file is replaced at once or not at all.</param>
    /// <param name="tensors">Names and tensors; any strides, any device.</param>
    /// <param name="metadata">For the header's <c>__metadata__</c>.</param>
    /// <exception cref="CheckpointException">A tensor has a type that the format lacks, or a name stands twice.</exception>
    public static void Write(string path, IReadOnlyCollection<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        byte[] header = Header(path, tensors, metadata);
        AtomicFile.Replace(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach ((_, Tensor tensor) in tensors)
            {
                using var scope = torch.NewDisposeScope();
                foreach (Tensor part in Parts(tensor.detach().cpu().contiguous()))
                    stream.Write(part.bytes);
            }
        });
    }

    private static byte[] Header(string path, IReadOnlyCollection<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            long offset = 0;
            var names = new HashSet<string>();
            foreach ((string name, Tensor tensor) in tensors)
            {
                if (!names.Add(name))
                    throw new CheckpointException(path, $"tensor '{name}' is given twice", "give each tensor its own name");
                string type = Types.FirstOrDefault(t => t.Value == tensor.dtype).Key
                    ?? throw new CheckpointException(path, $"tensor '{name}' has type {tensor.dtype}, which safetensors lacks", "convert it first");
                long bytes = tensor.numel() * tensor.ElementSize;
                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                json.WriteStartArray("shape");
                foreach (long size in tensor.shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // The format asks that the data be aligned to 8 bytes; spaces pad the header.
        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private SafetensorsFile WithHeader(byte[] header, long dataLength)
    {
        try
        {
            var metadata = new Dictionary<string, string>();
            var tensors = new Dictionary<string, (torch.ScalarType, long[], long, long)>();
            using JsonDocument document = StrictJson.Document(header);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name == "__metadata__")
                {
                    foreach (JsonProperty item in property.Value.EnumerateObject())
                        metadata[item.Name] = item.Value.GetString() ?? throw new JsonException($"'{item.Name}' of the metadata is null");
                    continue;
                }

                string dtype = property.Value.GetProperty("dtype").GetString() ?? throw new JsonException($"the dtype of '{property.Name}' is null");
                if (!Types.TryGetValue(dtype, out torch.ScalarType type))
                    throw new CheckpointException(Path, $"tensor '{property.Name}' has the type {dtype}", Unsupported(dtype));
                long[] shape = [.. property.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64())];
                long[] offsets = [.. property.Value.GetProperty("data_offsets").EnumerateArray().Select(e => e.GetInt64())];
                if (shape.Length > MostDimensions || shape.Any(s => s < 0))
                    throw Broken(Path, $"tensor '{property.Name}' has the impossible shape [{string.Join(", ", shape.Take(MostDimensions))}]");
                long expected = checked(shape.Aggregate(1L, (a, b) => checked(a * b)) * type.ElementSize());
                if (offsets is not [var start, var end] || start < 0 || end < start || end - start != expected)
                    throw Broken(Path, $"tensor '{property.Name}' of shape [{string.Join(", ", shape)}] has offsets [{string.Join(", ", offsets)}]");
                if (end > dataLength)
                    throw Broken(Path, $"tensor '{property.Name}' ends at byte {end} of {dataLength}: the file is truncated");
                tensors.Add(property.Name, (type, shape, start, end));
            }

            RequireWholeCover(tensors, dataLength);
            return new SafetensorsFile(Path, metadata, tensors, _dataStart);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or OverflowException or FormatException)
        {
            throw Broken(Path, "has an unreadable header", e);
        }
    }

    private static string Unsupported(string dtype) => dtype switch
    {
        "U16" or "U32" or "U64" => $"libtorch computes with no unsigned integers but U8: save the tensor as {(dtype == "U16" ? "I32" : "I64")}, read are {string.Join(", ", Types.Keys)}",
        _ when dtype.StartsWith("F8", StringComparison.Ordinal) || dtype.StartsWith("F4", StringComparison.Ordinal) || dtype.StartsWith("F6", StringComparison.Ordinal) =>
            $"small floats are not read: multiply by their scales and save the tensor as BF16, F16 or F32, read are {string.Join(", ", Types.Keys)}",
        _ => $"read are {string.Join(", ", Types.Keys)}: convert the tensor and save it again",
    };

    /// <summary>Every byte of the data belongs to exactly one tensor: nothing overlaps, and nothing can be hidden in between.</summary>
    private void RequireWholeCover(Dictionary<string, (torch.ScalarType Type, long[] Shape, long Start, long End)> tensors, long dataLength)
    {
        long covered = 0;
        foreach ((string name, (_, _, long start, long end)) in tensors.OrderBy(t => t.Value.Start).ThenBy(t => t.Value.End))
        {
            if (start != covered)
                throw Broken(Path, start < covered ? $"tensor '{name}' overlaps the one before it" : $"bytes {covered} to {start} belong to no tensor");
            covered = end;
        }

        if (covered != dataLength)
            throw Broken(Path, $"bytes {covered} to {dataLength} belong to no tensor");
    }

    private static FileStream Opened(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"cannot be read: {error.Message}", "check its permissions", error);
        }
    }

    private static IEnumerable<Tensor> Parts(Tensor contiguous)
    {
        long count = contiguous.numel();
        if (count == 0)
            yield break;
        using Tensor flat = contiguous.view(-1);
        long size = Chunk / contiguous.ElementSize;
        for (long start = 0; start < count; start += size)
            yield return flat.narrow(0, start, Math.Min(size, count - start));
    }

    private (torch.ScalarType Type, long[] Shape, long Start, long End) Entry(string name) => _tensors.TryGetValue(name, out var entry)
        ? entry
        : throw new CheckpointException(Path, $"holds no tensor '{name}'", Suggestion.For(name, _tensors.Keys.Take(50)));

    private static CheckpointException Broken(string path, string problem, Exception? inner = null) =>
        new(path, problem, "it is no whole safetensors file: copy or save it again", inner);
}
