using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Files;

namespace Espalier.Anomaly;

/// <summary>
/// A fitted detector in a file: a zip with <c>detector.json</c> and NumPy arrays. Reading it runs no code and makes no types by
/// name; whoever reads it decides what the kind and the text mean. The same for detectors of networks and of tables.
/// </summary>
public sealed class DetectorArchive
{
    /// <summary>The version that is written; older ones are read.</summary>
    public const int SchemaVersion = 1;

    private const string Document = "detector.json";
    private const string Extension = ".npy";
    private const string CalibrationName = "calibration";
    private const string ExamplesName = "examples";
    private const long LongestDocument = 64 << 20;

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
            NpzFile.Add(archive, Document, content => content.Write(JsonSerializer.SerializeToUtf8Bytes(document, JsonSerializerOptions.Default)));
            NpzFile.Add(archive, CalibrationName + Extension, CalibrationArray().Write);
            if (Examples is not null)
                NpzFile.Add(archive, ExamplesName + Extension, NpyArray.Of(Examples.Features).Write);
            foreach ((string name, NpyArray array) in Arrays)
                NpzFile.Add(archive, $"arrays/{name}{Extension}", array.Write);
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
            using ZipArchive archive = ZipFile.OpenRead(path);
            JsonObject document = DocumentOf(archive, path);
            int schema = Value<int>(document, "schema", path);
            if (schema is < 1 or > SchemaVersion)
                throw new CheckpointException(path, $"has version {schema} of the format; versions up to {SchemaVersion} are known", "update Espalier, or fit the detector again");
            string found = Value<string>(document, "kind", path);
            if (kind is not null && found != kind)
                throw new CheckpointException(path, $"holds a detector of kind '{found}', not '{kind}'", "give the file of the right detector");
            var arrays = new Dictionary<string, NpyArray>(StringComparer.Ordinal);
            foreach (string name in Texts(document, "arrays", path) ?? throw Broken(path, "lists no arrays"))
                arrays[name] = Array(archive, $"arrays/{name}", path);
            NpyArray calibration = Array(archive, CalibrationName, path);
            if (calibration.Type != NpyType.Float64 || HashOf(calibration) != Value<string>(document, "calibrationHash", path))
                throw Broken(path, "holds other calibration scores than it was written with");
            return new DetectorArchive
            {
                Kind = found,
                Detector = Value<string>(document, "detector", path),
                Options = document["options"]?.DeepClone() as JsonObject ?? [],
                ModelChecksum = document["modelChecksum"] is null ? null : Value<string>(document, "modelChecksum", path),
                Arrays = arrays,
                Calibration = calibration.ToDoubles(),
                Examples = Texts(document, "exampleIds", path) is { } ids ? ExamplesOf(ids, Array(archive, ExamplesName, path), path) : null,
            };
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
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
        if (features.Shape is not [var rows, _] || rows != ids.Length)
            throw Broken(path, $"has {ids.Length} examples but features of shape [{string.Join(", ", features.Shape)}]");
        using Tensor tensor = features.ToTensor();
        return new ExampleBank(tensor, ids);
    }

    private static JsonObject DocumentOf(ZipArchive archive, string path)
    {
        ZipArchiveEntry entry = archive.GetEntry(Document) ?? throw Broken(path, $"holds no {Document}");
        if (entry.Length > LongestDocument)
            throw Broken(path, $"has a {Document} of {entry.Length} bytes");
        try
        {
            using Stream content = entry.Open();
            return JsonNode.Parse(content) as JsonObject ?? throw Broken(path, $"has a {Document} that is no object");
        }
        catch (JsonException error)
        {
            throw Broken(path, $"has a {Document} that cannot be read", error);
        }
    }

    private static NpyArray Array(ZipArchive archive, string name, string path) =>
        NpzFile.Read(archive.GetEntry(name + Extension) ?? throw Broken(path, $"lacks its array '{name}'"), $"{path}/{name}");

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
            return document[key] is JsonArray list ? [.. list.Select(n => n!.GetValue<string>())] : null;
        }
        catch (Exception error) when (error is InvalidOperationException or NullReferenceException)
        {
            throw Broken(path, $"has {key} of the wrong type", error);
        }
    }

    private static string HashOf(NpyArray array) => Convert.ToHexStringLower(SHA256.HashData(array.Bytes.Span));

    private static CheckpointException Broken(string path, string problem, Exception? inner = null) => new(path, problem, "fit the detector again", inner);

    private NpyArray CalibrationArray() => NpyArray.Of(Calibration.ToArray());
}
