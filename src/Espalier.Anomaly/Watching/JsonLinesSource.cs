using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Anomaly.Watching;

/// <summary>
/// Records as JSON lines: each an object with a value per column (and perhaps an <c>id</c>), or an array of features, or an object
/// with such an array under <c>values</c>. Waits for as long as the stream stays open.
/// </summary>
public sealed class JsonLinesSource
{
    /// <summary>The longest line that is read, in bytes; a longer one is malformed.</summary>
    public const int LongestLine = 1 << 20;

    private readonly Stream _stream;
    private readonly Func<JsonElement, double[]> _features;
    private readonly int _batchSize;

    /// <summary>Reads a stream.</summary>
    /// <param name="stream">UTF-8; stays the caller's.</param>
    /// <param name="features">Makes the features of a record; throws an <see cref="EspalierException"/> that says what is wrong with it.</param>
    /// <param name="batchSize">Records in a batch at most, at least 1.</param>
    public JsonLinesSource(Stream stream, Func<JsonElement, double[]> features, int batchSize = 256)
    {
        OptionsException.Require(batchSize >= 1, nameof(batchSize), batchSize, "must be at least 1");
        (_stream, _features, _batchSize) = (stream, features, batchSize);
    }

    /// <summary>The records, as they come: a batch holds what is there already.</summary>
    /// <param name="skip">Lines at the start that were dealt with before.</param>
    /// <param name="first">The number of the first line after those.</param>
    /// <param name="cancellationToken">Ends the stream after the current batch.</param>
    /// <returns>Batches whose position is the number of lines dealt with.</returns>
    public async IAsyncEnumerable<WatchBatch> Read(long skip, long first, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 16];
        var line = new MemoryStream();
        bool tooLong = false;
        long number = first - 1;
        var items = new List<WatchItem>();
        while (!cancellationToken.IsCancellationRequested)
        {
            int read;
            try
            {
                read = await _stream.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            for (int at = 0; at < read;)
            {
                int end = Array.IndexOf(buffer, (byte)'\n', at, read - at);
                int length = (end < 0 ? read : end) - at;
                if (line.Length + length > LongestLine)
                    (tooLong, line) = (true, new MemoryStream());
                else if (!tooLong)
                    line.Write(buffer, at, length);
                at += length + 1;
                if (end < 0)
                    break;
                Add();
                if (items.Count >= _batchSize)
                {
                    yield return new([.. items], number.ToString(CultureInfo.InvariantCulture));
                    items.Clear();
                }
            }

            if (read == 0 && (line.Length > 0 || tooLong))
                Add();                                                      // The last line may lack its end.
            if (items.Count > 0)
            {
                yield return new([.. items], number.ToString(CultureInfo.InvariantCulture));
                items.Clear();
            }

            if (read == 0)
                break;
        }

        void Add()
        {
            ReadOnlySpan<byte> bytes = line.GetBuffer().AsSpan(0, (int)line.Length);
            bool isText = Utf8.IsValid(bytes);
            string text = Encoding.UTF8.GetString(bytes).TrimEnd('\r');
            line.SetLength(0);
            (bool wasTooLong, tooLong) = (tooLong, false);
            if (skip > 0)
            {
                skip--;
                return;
            }

            number++;
            string name = string.Create(CultureInfo.InvariantCulture, $"line-{number}");
            if (wasTooLong)
                items.Add(new(name, null, $"is longer than {LongestLine} bytes"));
            else if (!isText)
                items.Add(new(name, null, "is not UTF-8"));                 // A replacement character would merge categories.
            else if (!string.IsNullOrWhiteSpace(text))
                items.Add(Parse(text, name, _features));
        }
    }

    /// <summary>Reads one record.</summary>
    /// <param name="json">Its text.</param>
    /// <param name="name">What it is called where it brings no <c>id</c>.</param>
    /// <param name="features">Makes its features.</param>
    public static WatchItem Parse(string json, string name, Func<JsonElement, double[]> features)
    {
        try
        {
            using JsonDocument document = StrictJson.Document(Encoding.UTF8.GetBytes(json));
            return Parse(document.RootElement, name, features);
        }
        catch (JsonException error)
        {
            return new(name, null, RecordText.Problem($"is no JSON ({error.Message})"));
        }
    }

    /// <summary>Reads one record.</summary>
    /// <param name="record">It.</param>
    /// <param name="name">What it is called where it brings no <c>id</c>.</param>
    /// <param name="features">Makes its features.</param>
    public static WatchItem Parse(JsonElement record, string name, Func<JsonElement, double[]> features)
    {
        bool isNamed = false;
        try
        {
            JsonElement content = record;
            if (record.ValueKind == JsonValueKind.Object)
            {
                if (record.TryGetProperty("id", out JsonElement id) && id.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                    (name, isNamed) = (RecordText.Id(id.ToString()), true);
                if (record.TryGetProperty("values", out JsonElement values) && values.ValueKind == JsonValueKind.Array)
                    content = values;
            }

            return new(name, features(content), null, isNamed);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever is wrong with one record, the others go on.
            return new(name, null, RecordText.Problem(error.Message), isNamed);
        }
    }
}
