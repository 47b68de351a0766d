using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Runs.Store;

/// <summary>
/// A run's metrics over time: one JSON object per line in <c>metrics.jsonl</c>, flushed at once so that a live chart can
/// follow, and the same scalars as TensorBoard events.
/// </summary>
public sealed class MetricLog : IDisposable
{
    private readonly FileStream _lines;
    private readonly EventFile _events;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly double _earlier;

    private MetricLog(FileStream lines, EventFile events, double earlier)
        => (_lines, _events, _earlier) = (lines, events, earlier);

    /// <summary>Starts an empty log.</summary>
    /// <param name="run">The run.</param>
    public static MetricLog Create(Run run) => Start(run, []);

    /// <summary>
    /// Takes a log up again after the run went back to a checkpoint: what was logged after it is dropped from both files,
    /// so that the resumed run has one history.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="throughStep">The checkpoint's step: entries up to and including it stay.</param>
    /// <exception cref="DataException">The log is damaged before its last line.</exception>
    public static MetricLog Resume(Run run, long throughStep)
        => Start(run, [.. Read(run.MetricsPath).Where(r => r.Step <= throughStep)]);

    /// <summary>Appends what was measured.</summary>
    /// <param name="step">The optimizer step, at least 0.</param>
    /// <param name="values">The values by name; NaN and infinities are allowed and written as null.</param>
    /// <exception cref="ArgumentException">A negative step, or a value called <c>step</c> or <c>time</c>.</exception>
    public void Write(long step, IReadOnlyDictionary<string, double> values)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var record = new MetricRecord(step, _earlier + _clock.Elapsed.TotalSeconds, values);
        _lines.Write(Line(record));
        _lines.Flush();
        _events.Write(DateTime.UtcNow, step, values);
    }

    /// <summary>Reads a log; a last line that a crash cut short is left out, an absent file is an empty log.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">A line before the last one is damaged.</exception>
    public static IReadOnlyList<MetricRecord> Read(string path)
    {
        var records = new List<MetricRecord>();
        if (!File.Exists(path))
            return records;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        string[] lines = reader.ReadToEnd().Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0)
                continue;
            try
            {
                records.Add(Parse(lines[i]));
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                if (i < lines.Length - 1)
                    throw new DataException($"{path}, line {i + 1}", "is not a metric record", "remove the line", error);
            }
        }

        return records;
    }

    /// <summary>Closes both files.</summary>
    public void Dispose()
    {
        _lines.Dispose();
        _events.Dispose();
    }

    private static MetricLog Start(Run run, IReadOnlyList<MetricRecord> kept)
    {
        AtomicFile.Replace(run.MetricsPath, file =>
        {
            foreach (MetricRecord record in kept)
                file.Write(Line(record));
        });
        double earlier = kept.Count == 0 ? 0 : kept.Max(r => r.Time);
        EventFile events = EventFile.Replace(run.TensorBoardFolder, DateTime.UtcNow.AddSeconds(-earlier), kept);
        var lines = new FileStream(run.MetricsPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        return new MetricLog(lines, events, earlier);
    }

    private static ReadOnlySpan<byte> Line(MetricRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("step", record.Step);
            json.WriteNumber("time", Math.Round(record.Time, 6));
            foreach ((string name, double value) in record.Values)
            {
                if (name is "step" or "time")
                    throw new ArgumentException($"a metric cannot be called '{name}'", nameof(record));
                if (double.IsFinite(value))
                    json.WriteNumber(name, value);
                else
                    json.WriteNull(name);
            }

            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan;
    }

    private static MetricRecord Parse(string line)
    {
        using JsonDocument json = StrictJson.Document(System.Text.Encoding.UTF8.GetBytes(line));
        var values = new Dictionary<string, double>();
        foreach (JsonProperty property in json.RootElement.EnumerateObject())
        {
            if (property.Name is not ("step" or "time"))
                values[property.Name] = property.Value.ValueKind == JsonValueKind.Null ? double.NaN : property.Value.GetDouble();
        }

        return new MetricRecord(json.RootElement.GetProperty("step").GetInt64(), json.RootElement.GetProperty("time").GetDouble(), values);
    }
}
