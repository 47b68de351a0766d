using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Anomaly.Watching;

/// <summary>
/// What makes a watcher survive a kill at any moment without losing or double counting a record: what it said goes to the file of
/// decisions first, then the state that covers it is replaced in one step. After a restart the file is cut back to what the
/// state covers, and the source is read on from there.
/// </summary>
public sealed class WatchJournal : IDisposable
{
    /// <summary>How events and states are written.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    private readonly string? _statePath;
    private readonly FileStream? _output;
    private readonly TextWriter? _console;
    private readonly FileLock? _lock;

    private WatchJournal(StreamWatcher watcher, string position, string? statePath, FileStream? output, TextWriter? console, FileLock? held) =>
        (Watcher, Position, _statePath, _output, _console, _lock) = (watcher, position, statePath, output, console, held);

    /// <summary>The watcher, as it stood.</summary>
    public StreamWatcher Watcher { get; }

    /// <summary>How far the source has been read; empty at the start.</summary>
    public string Position { get; private set; }

    /// <summary>Opens a journal, and goes on from its state where there is one.</summary>
    /// <param name="start">Makes the watcher of a new stream.</param>
    /// <param name="resume">Makes the watcher of a state.</param>
    /// <param name="statePath">The file of the state; nothing is kept where null.</param>
    /// <param name="outputPath">The file of decisions, JSON lines; none where null.</param>
    /// <param name="console">Told the same lines, before the state is written: after a kill the last ones may come twice. None where null.</param>
    /// <exception cref="DataException">The state is damaged, of another detector, or the file of decisions is shorter than the state says.</exception>
    /// <exception cref="DataException">Another process watches with that state.</exception>
    /// <exception cref="IOException">A file cannot be opened.</exception>
    public static WatchJournal Open(Func<StreamWatcher> start, Func<WatchState, StreamWatcher> resume, string? statePath, string? outputPath, TextWriter? console)
    {
        FileLock? held = statePath is null ? null : Lock(statePath);
        try
        {
            return Open(start, resume, statePath, outputPath, console, held);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    private static WatchJournal Open(Func<StreamWatcher> start, Func<WatchState, StreamWatcher> resume, string? statePath, string? outputPath, TextWriter? console, FileLock? held)
    {
        WatchState? state = statePath is not null && File.Exists(statePath) ? Read(statePath) : null;
        StreamWatcher watcher = state is null ? start() : resume(state);
        FileStream? output = null;
        if (outputPath is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(outputPath))!);
            output = new FileStream(outputPath, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
            long length = state?.OutputLength ?? output.Length;
            if (output.Length < length)
            {
                output.Dispose();
                throw new DataException(outputPath, "is shorter than its state says", "put the file back, or start anew without the state");
            }

            // What was said after the last state is said again.
            output.SetLength(length);
            output.Seek(0, SeekOrigin.End);
        }

        var journal = new WatchJournal(watcher, state?.Position ?? "", statePath, output, console, held);

        // A kill before the first state would leave lines that nothing covers: what was in the file before is noted at once.
        if (state is null)
            journal.Keep();
        return journal;
    }

    /// <summary>Deals with records and makes what follows from them durable.</summary>
    /// <param name="batch">The records, and where the source stands after them.</param>
    /// <param name="time">What the events are stamped with.</param>
    /// <param name="alarmsOnly">Whether decisions that raise no alarm, and windows without drift, are left out of what is written.</param>
    public IReadOnlyList<WatchEvent> Commit(WatchBatch batch, DateTimeOffset time, bool alarmsOnly = false)
    {
        IReadOnlyList<WatchEvent> events = Watcher.Process(batch.Items, time);
        var text = new StringBuilder();
        foreach (WatchEvent each in events)
        {
            if (!alarmsOnly || (each.Type is not ("decision" or "duplicate") && each.Drift is not { IsDrift: false }))
                text.Append(JsonSerializer.Serialize(each, Json)).Append('\n');
        }

        if (text.Length > 0)
        {
            string lines = text.ToString();
            _output?.Write(Encoding.UTF8.GetBytes(lines));
            _output?.Flush(flushToDisk: _statePath is not null);
            _console?.Write(lines);
            _console?.Flush();
        }

        Position = batch.Position;
        Keep();
        return events;
    }

    private void Keep()
    {
        if (_statePath is not null)
            AtomicFile.Replace(_statePath, JsonSerializer.Serialize(Watcher.Save(Position, _output?.Length ?? 0), Json));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _output?.Dispose();
        _lock?.Dispose();
    }

    private static FileLock Lock(string statePath)
    {
        string full = Path.GetFullPath(statePath);
        string folder = Path.GetDirectoryName(full)!;
        Directory.CreateDirectory(folder);
        return FileLock.TryTake(Path.Combine(folder, $".{Path.GetFileName(full)}.lock"), out int? holder)
            ?? throw new DataException(statePath, $"is the state of a watch that {FileLock.Name(holder)} runs", "end that one, or give another state");
    }

    private static WatchState Read(string path)
    {
        try
        {
            WatchState state = StrictJson.ReadFile<WatchState>(path, Json);
            if (state.Schema != WatchState.CurrentSchema)
                throw new JsonException($"its version is {state.Schema}, not {WatchState.CurrentSchema}");
            if (state.OutputLength < 0 || state.Counts.Records < 0 || state.Counts.Malformed < 0)
                throw new JsonException("it counts below 0");
            return state;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"is no state of a watcher ({error.Message})", "start anew without it, or put it back", error);
        }
    }
}
