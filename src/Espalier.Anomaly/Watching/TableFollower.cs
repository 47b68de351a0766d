using System.Globalization;
using System.IO.Hashing;
using Espalier.Data.Tables;
using Espalier.Errors;

namespace Espalier.Anomaly.Watching;

/// <summary>
/// Follows one table as it grows: reads from where it stopped, and never what is dealt with, apart from the header and the last bytes, which
/// tell whether the file is still the same. A table that was replaced or cut is read from its start.
/// </summary>
internal sealed class TableFollower(string path, string name, Func<IReadOnlyList<string>, IReadOnlyList<string>, double[]> features)
{
    /// <summary>The longest row that is read, in bytes; a longer one is malformed.</summary>
    public const int LongestRow = 1 << 20;

    private const int FirstChunk = 1 << 16;
    private const int TailLength = 256;

    private (long Length, long Ticks) _seen = (-1, 0);
    private (long Length, long Ticks) _read = (-1, 0);
    private CsvHeader? _header;
    private byte[] _headerBytes = [];

    /// <summary>Whether the last look left something that a second look may decide: a row without an end, or a file that shrinks.</summary>
    public bool Waits { get; private set; }

    /// <summary>The rows that are new.</summary>
    /// <param name="position">How far it was read; null of a new file.</param>
    /// <param name="once">Whether a row without an end is decided when the file has not changed since the last look.</param>
    /// <returns>Each record, the byte after it and the line that comes next.</returns>
    public IEnumerable<(WatchItem Item, long Offset, long Line)> Look(TablePosition? position, bool once)
    {
        (long Length, long Ticks) now = Stamp();
        bool isSettled = now == _seen;
        _seen = now;
        bool decidesAll = once && isSettled && Waits;
        if (now.Length <= 0 || (now == _read && !decidesAll))
            yield break;

        Waits = false;
        using FileStream? file = Open();
        if (file is null)
            yield break;                                                    // Gone again, or not ready: the next look will tell.
        if (position is not null && file.Length < position.Offset && !isSettled)
        {
            Waits = true;                                                   // It may be written anew this very moment.
            yield break;
        }

        string? problem = null;
        if (now != _read || _header is null)
        {
            (_header, problem) = Header(file, decidesAll);
            if (position is not null && (file.Length < position.Offset || (_header is not null && Check(file, position.Offset) != position.Check)))
                position = null;
        }

        _read = now;
        if (_header is null && problem is null)
        {
            Waits = file.Length > 0 && !decidesAll;
            yield break;
        }

        long offset = Math.Max(position?.Offset ?? 0, _header?.Length ?? 0);
        long line = position?.Line ?? _header?.NextLine ?? 1;
        if (problem is not null)
        {
            // Without a header no row means anything: one record says so for all that is there.
            if (file.Length > offset)
                yield return (new(Id(1), null, problem), file.Length, line);
            yield break;
        }

        for (int size = FirstChunk; offset < file.Length;)
        {
            byte[] chunk = Bytes(file, offset, size);
            bool isLast = offset + chunk.Length >= file.Length;
            var reader = new CsvReader(chunk, _header!.Separator, line, offset, isLast && decidesAll);
            int consumed = 0;
            while (reader.Next() && !reader.IsUnclosed)
            {
                consumed = reader.Consumed;
                yield return (Row(reader), offset + consumed, reader.NextLine);
            }

            if (reader.IsUnclosed || (consumed == 0 && chunk.Length >= LongestRow))
            {
                // The row has no end: its first line is reported, and the reading goes on after it.
                WatchItem bad = new(Id(reader.IsUnclosed ? reader.Line : line), null, reader.IsUnclosed ? CsvReader.Unclosed : $"is longer than {LongestRow} bytes");
                long start = offset + consumed;
                long end = LineEnd(file, start);
                (offset, line, size) = (end, (consumed == 0 ? line : reader.Line) + 1, FirstChunk);
                yield return (bad, offset, line);
                continue;
            }

            if (consumed > 0)
                (offset, line, size) = (offset + consumed, reader.NextLine, FirstChunk);
            else if (!isLast)
                size = Math.Min(LongestRow, 4 * size);
            else if (reader.Consumed == chunk.Length)
                break;                                                      // Empty lines only.
            else
                (Waits, size) = (!decidesAll, 0);
            if (size == 0)
                break;
        }
    }

    /// <summary>A place in the table, as a state keeps it.</summary>
    /// <param name="offset">Bytes that are dealt with.</param>
    /// <param name="line">The line that comes next.</param>
    public TablePosition At(long offset, long line)
    {
        using FileStream? file = _header is null ? null : Open();
        return new(offset, line, file is null ? "" : Check(file, offset));
    }

    private WatchItem Row(CsvReader reader)
    {
        string id = Id(reader.Line);
        if (reader.Problem is { } problem)
            return new(id, null, problem);
        IReadOnlyList<string> names = _header!.Names;
        if (reader.CellCount != names.Count)
            return new(id, null, $"has {reader.CellCount} columns, the header {names.Count}");
        try
        {
            return new(id, features(names, [.. Enumerable.Range(0, reader.CellCount).Select(i => reader.Text(i).Trim())]));
        }
        catch (Exception error) when (error is not (OperationCanceledException or OutOfMemoryException))
        {
            return new(id, null, RecordText.Problem(error.Message));
        }
    }

    private string Id(long line) => string.Create(CultureInfo.InvariantCulture, $"{name}:{line}");

    private (long Length, long Ticks) Stamp()
    {
        try
        {
            var info = new FileInfo(path);
            return (info.Length, info.LastWriteTimeUtc.Ticks);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (0, 0);
        }
    }

    private FileStream? Open()
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private (CsvHeader? Header, string? Problem) Header(FileStream file, bool isWhole)
    {
        byte[] start = Bytes(file, 0, FirstChunk);
        if (!start.Contains((byte)'\n') && file.Length > start.Length)
            start = Bytes(file, 0, LongestRow);
        try
        {
            CsvHeader? header = CsvHeader.Read(start, name, isWhole && start.Length == file.Length);
            _headerBytes = header is null ? [] : start[..header.Length];
            return (header, header is null && start.Length >= LongestRow ? $"has a header longer than {LongestRow} bytes" : null);
        }
        catch (EspalierException error)
        {
            return (null, RecordText.Problem(error.Message));
        }
    }

    private string Check(FileStream file, long offset)
    {
        var hash = new XxHash64();
        hash.Append(_headerBytes);
        hash.Append(Bytes(file, Math.Max(0, offset - TailLength), (int)Math.Min(offset, TailLength)));
        return hash.GetCurrentHashAsUInt64().ToString("x16", CultureInfo.InvariantCulture);
    }

    private static byte[] Bytes(FileStream file, long offset, int most)
    {
        byte[] bytes = new byte[Math.Max(0, Math.Min(most, file.Length - offset))];
        try
        {
            int read = 0;
            while (read < bytes.Length && RandomAccess.Read(file.SafeFileHandle, bytes.AsSpan(read), offset + read) is > 0 and var more)
                read += more;
            return read == bytes.Length ? bytes : bytes[..read];
        }
        catch (IOException)
        {
            return [];
        }
    }

    // The byte after the next line feed, or the end of the file.
    private static long LineEnd(FileStream file, long offset)
    {
        while (true)
        {
            byte[] chunk = Bytes(file, offset, LongestRow);
            int end = Array.IndexOf(chunk, (byte)'\n');
            if (end >= 0 || chunk.Length == 0)
                return offset + Math.Max(0, end + 1);
            offset += chunk.Length;
        }
    }
}
