using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Anomaly.Persistence;

/// <summary>
/// A fitted detector in a file: a zip with <c>detector.json</c> and NumPy arrays. Reading it runs no code and makes no types by
/// name; whoever reads it decides what the kind and the text mean. The same for detectors of networks and of tables. The file
/// <c>SHA256SUMS</c> in it covers all others (as <c>sha256sum -c</c> checks them), so that a changed bit is refused.
/// </summary>
public sealed class DetectorArchive
{
    /// <summary>The version that is written; older ones are read.</summary>
    public const int SchemaVersion = 2;

    private const string Document = "detector.json";
    private const string Extension = ".npy";
    private const string CalibrationName = "calibration";
    private const string ExamplesName = "examples";
    private const string SumsName = "SHA256SUMS";
    private const long LongestDocument = 64 << 20;
    private const int LongestText = 1 << 12;

    // From this version on every file has its checksums.
    private const int FirstWithSums = 2;

    private static readonly uint[] Crc32Table = [.. Enumerable.Range(0, 256).Select(i => Enumerable.Range(0, 8).Aggregate((uint)i, (crc, _) => (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1))];

    /// <summary>What kind of detector it is, such as <c>network</c> or <c>tabular</c>: who can read it.</summary>
    public required string Kind { get; init; }

    /// <summary>The detector with its settings, such as <c>knn:k=50</c>.</summary>
    public required string Detector { get; init; }

    /// <summary>What else has to be known, such as the layer that features come from.</summary>
    public JsonObject Options { get; init; } = [];

    /// <summary>The checksum of the model that it was fitted on; null where there is none.</summary>
    public string? ModelChecksum { get; init; }

    /// <summary>The fitted arrays by name.</summary>
    public IReadOnlyDictionary<string, NpyArray> Arrays { get; init; } = new Dictionary<string, NpyArray>();

    /// <summary>Scores of held-out in-distribution samples, ascending: what thresholds are chosen on. Empty where there are none.</summary>
    public IReadOnlyList<double> Calibration { get; init; } = [];

    /// <summary>In-distribution samples to show beside an alarm; null where there are none.</summary>
    public ExampleBank? Examples { get; init; }

    /// <summary>SHA-256 of the calibration scores: what an alarm names, so that it can be told which scores it was judged by.</summary>
    public string CalibrationHash => HashOf(CalibrationArray());

    /// <summary>SHA-256 of calibration scores.</summary>
    /// <param name="ascending">The scores, ascending.</param>
    public static string HashOf(IReadOnlyList<double> ascending) => HashOf(NpyArray.Of(ascending.ToArray()));

    /// <summary>Writes the file; it is whole or absent.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The calibration scores hold a NaN or are not ascending.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string path)
    {
        for (int i = 0; i < Calibration.Count; i++)
        {
            if (double.IsNaN(Calibration[i]) || (i > 0 && Calibration[i] < Calibration[i - 1]))
                throw new DataException("calibration scores", $"score {i} is {Calibration[i].ToString(CultureInfo.InvariantCulture)}", "give scores without NaN, ascending");
        }

        var document = new JsonObject
        {
            ["schema"] = SchemaVersion,
            ["kind"] = Kind,
            ["detector"] = Detector,
            ["options"] = Options.DeepClone(),
            ["modelChecksum"] = ModelChecksum,
            ["calibrationHash"] = CalibrationHash,
            ["arrays"] = new JsonArray([.. Arrays.Keys.Select(k => (JsonNode)k)]),
        };
        if (Examples is not null)
            document["exampleIds"] = new JsonArray([.. Examples.Ids.Select(i => (JsonNode)i)]);
        AtomicFile.Replace(path, stream =>
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            var sums = new StringBuilder();
            void Add(string name, Action<Stream> write)
            {
                using var content = new MemoryStream();
                write(content);
                ReadOnlyMemory<byte> bytes = content.GetBuffer().AsMemory(0, (int)content.Length);
                sums.Append(Convert.ToHexStringLower(SHA256.HashData(bytes.Span))).Append("  ").Append(name).Append('\n');
                NpzFile.Add(archive, name, entry => entry.Write(bytes.Span));
            }

            Add(Document, content => content.Write(JsonSerializer.SerializeToUtf8Bytes(document, JsonSerializerOptions.Default)));
            Add(CalibrationName + Extension, CalibrationArray().Write);
            if (Examples is not null)
                Add(ExamplesName + Extension, NpyArray.Of(Examples.Features).Write);
            foreach ((string name, NpyArray array) in Arrays)
                Add($"arrays/{name}{Extension}", array.Write);
            NpzFile.Add(archive, SumsName, content => content.Write(Encoding.UTF8.GetBytes(sums.ToString())));
        });
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">The kind that is wanted; any where null.</param>
    /// <exception cref="CheckpointException">It is missing, damaged, of another kind, of a newer version, or the calibration scores are not those that it was written with.</exception>
    public static DetectorArchive Read(string path, string? kind = null)
    {
        if (!File.Exists(path))
            throw new CheckpointException(path, "the file does not exist", "fit a detector first: espalier detectors fit");
        try
        {
            Dictionary<string, byte[]> archive = Entries(path);
            JsonObject document = DocumentOf(archive, path);
            int schema = Value<int>(document, "schema", path);
            if (schema is < 1 or > SchemaVersion)
                throw new CheckpointException(path, $"has version {schema} of the format; versions up to {SchemaVersion} are known", "update Espalier, or fit the detector again");
            RequireSums(archive, schema, path);
            string found = Value<string>(document, "kind", path);
            if (kind is not null && found != kind)
                throw new CheckpointException(path, $"holds a detector of kind '{found}', not '{kind}'", "give the file of the right detector");
            var arrays = new Dictionary<string, NpyArray>(StringComparer.Ordinal);
            foreach (string name in Texts(document, "arrays", path) ?? throw Broken(path, "lists no arrays"))
            {
                if (!arrays.TryAdd(name, Array(archive, $"arrays/{name}", path)))
                    throw Broken(path, $"lists the array '{name}' twice");
            }

            NpyArray calibration = Array(archive, CalibrationName, path);
            if (calibration.Type != NpyType.Float64 || calibration.Shape.Count != 1 || HashOf(calibration) != Value<string>(document, "calibrationHash", path))
                throw Broken(path, "holds other calibration scores than it was written with");
            double[] scores = calibration.ToDoubles();
            for (int i = 0; i < scores.Length; i++)
            {
                if (double.IsNaN(scores[i]) || (i > 0 && scores[i] < scores[i - 1]))
                    throw Broken(path, $"holds calibration scores that are NaN or not ascending, at {i}");
            }

            string detector = Value<string>(document, "detector", path);
            if (detector.Length > LongestText)
                throw Broken(path, $"names a detector by {detector.Length} characters");
            return new DetectorArchive
            {
                Kind = found,
                Detector = detector,
                Options = document["options"] is { } options ? options.DeepClone() as JsonObject ?? throw Broken(path, "has options of the wrong type") : [],
                ModelChecksum = document["modelChecksum"] is null ? null : Value<string>(document, "modelChecksum", path),
                Arrays = arrays,
                Calibration = scores,
                Examples = Texts(document, "exampleIds", path) is { } ids ? ExamplesOf(ids, Array(archive, ExamplesName, path), path) : null,
            };
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw Broken(path, "is no whole archive", error);
        }
    }

    /// <summary>Refuses a file of another model than the one at hand.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="checksum">The model's checksum; null where it has none.</param>
    /// <exception cref="CheckpointException">The detector was fitted on another model.</exception>
    public void RequireModel(string path, string? checksum)
    {
        if (ModelChecksum is not null && checksum is not null && ModelChecksum != checksum)
        {
            throw new CheckpointException(path, $"was fitted on the model {Short(ModelChecksum)}, this is {Short(checksum)}",
                "its scores would mean nothing here: fit it again on this model, or give the model that it was fitted on");
        }

        static string Short(string checksum) => checksum.Length > 12 ? checksum[..12] + "..." : checksum;
    }

    private static ExampleBank ExamplesOf(string[] ids, NpyArray features, string path)
    {
        if (features.Shape is not [> 0 and var rows, > 0] || rows != ids.Length || features.Type != NpyType.Float32)
            throw Broken(path, $"has {ids.Length} examples but features of shape [{string.Join(", ", features.Shape)}]");
        using Tensor tensor = features.ToTensor();
        return new ExampleBank(tensor, ids);
    }

    /// <summary>The content of every entry. What is written is not compressed: an archive cannot hold more than its own length.</summary>
    private static Dictionary<string, byte[]> Entries(string path)
    {
        using FileStream file = File.OpenRead(path);
        using var archive = new ZipArchive(file, ZipArchiveMode.Read);
        var entries = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        long left = file.Length;
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            left -= entry.Length;
            if (entry.CompressedLength != entry.Length || entry.IsEncrypted || left < 0)
                throw Broken(path, $"holds '{entry.FullName}' compressed, encrypted or longer than the file, which Espalier never writes");
            if (entry.FullName == Document && entry.Length > LongestDocument)
                throw Broken(path, $"has a {Document} of {entry.Length} bytes");
            byte[] bytes = new byte[entry.Length];
            using (Stream content = entry.Open())
            {
                content.ReadExactly(bytes);
                if (content.ReadByte() >= 0)
                    throw Broken(path, $"holds more of '{entry.FullName}' than it says");
            }

            if (Crc32(bytes) != entry.Crc32)
                throw Broken(path, $"is damaged: '{entry.FullName}' is not as it was written");
            if (!entries.TryAdd(entry.FullName, bytes))
                throw Broken(path, $"holds '{entry.FullName}' twice");
        }

        return entries;
    }

    // Zip's (ISO 3309), which System.IO.Compression writes but does not compare.
    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte each in bytes)
            crc = (crc >> 8) ^ Crc32Table[(byte)(crc ^ each)];
        return ~crc;
    }

    private static void RequireSums(Dictionary<string, byte[]> entries, int schema, string path)
    {
        if (!entries.TryGetValue(SumsName, out byte[]? content))
        {
            if (schema >= FirstWithSums)
                throw Broken(path, $"lacks its {SumsName}");
            return;
        }

        string[] lines = Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] expected = [.. entries.Where(e => e.Key != SumsName).Select(e => $"{Convert.ToHexStringLower(SHA256.HashData(e.Value))}  {e.Key}")];
        if (expected.Except(lines).Concat(lines.Except(expected)).FirstOrDefault() is { } other)
            throw Broken(path, $"is damaged: '{other.Split("  ", 2)[^1]}' is not as it was written");
    }

    private static JsonObject DocumentOf(Dictionary<string, byte[]> archive, string path)
    {
        byte[] text = archive.GetValueOrDefault(Document) ?? throw Broken(path, $"holds no {Document}");
        try
        {
            return StrictJson.Node(text) as JsonObject ?? throw Broken(path, $"has a {Document} that is no object");
        }
        catch (JsonException error)
        {
            throw Broken(path, $"has a {Document} that cannot be read", error);
        }
    }

    private static NpyArray Array(Dictionary<string, byte[]> archive, string name, string path)
    {
        byte[] content = archive.GetValueOrDefault(name + Extension) ?? throw Broken(path, $"lacks its array '{name}'");
        using var stream = new MemoryStream(content, writable: false);
        return NpyArray.Read(stream, $"{path}/{name}", content.Length);
    }

    private static T Value<T>(JsonObject document, string key, string path)
    {
        try
        {
            return document[key] is { } node ? node.GetValue<T>() : throw Broken(path, $"does not say its {key}");
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException)
        {
            throw Broken(path, $"has a {key} of the wrong type", error);
        }
    }

    private static string[]? Texts(JsonObject document, string key, string path)
    {
        try
        {
            return document[key] is JsonArray list ? [.. list.Select(n => n?.GetValue<string>() ?? throw new FormatException("null in a list"))]
                : document[key] is null ? null : throw new FormatException("no list");
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException)
        {
            throw Broken(path, $"has {key} of the wrong type", error);
        }
    }

    private static string HashOf(NpyArray array) => Convert.ToHexStringLower(SHA256.HashData(array.Bytes.Span));

    private static CheckpointException Broken(string path, string problem, Exception? inner = null) => new(path, problem, "fit the detector again", inner);

    private NpyArray CalibrationArray() => NpyArray.Of(Calibration.ToArray());
}
