using System.Globalization;
using System.Text.Json;
using Espalier.Files;

namespace Espalier.Anomaly;

/// <summary>
/// Files that appear in a folder: tables (<c>.csv</c>) whose rows are records and that may grow, and pictures that are a record
/// each. Files are taken in the order of their names; hidden ones and <c>.tmp</c> are left alone, a picture is read once it has
/// kept its size from one look to the next, and a row once its line has an end.
/// </summary>
public sealed class FolderSource
{
    private static readonly string[] s_pictures = [".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif"];

    private static readonly char[] s_separators = [',', ';', '\t', '|'];

    private readonly string _folder;
    private readonly Func<IReadOnlyList<string>, IReadOnlyList<string>, double[]> _row;
    private readonly Func<string, double[]>? _picture;
    private readonly int _batchSize;
    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">It must exist.</param>
    /// <param name="row">Makes the features of a table's row: its header and its cells.</param>
    /// <param name="picture">Makes the features of a picture; pictures are left alone where null.</param>
    /// <param name="batchSize">Records in a batch at most, at least 1.</param>
    /// <exception cref="DataException">There is no such folder.</exception>
    public FolderSource(string folder, Func<IReadOnlyList<string>, IReadOnlyList<string>, double[]> row, Func<string, double[]>? picture = null, int batchSize = 256)
    {
        OptionsException.Require(batchSize >= 1, nameof(batchSize), batchSize, "must be at least 1");
        if (!Directory.Exists(folder))
            throw new DataException(folder, "is no folder", "make it, or give another one");
        (_folder, _row, _picture, _batchSize) = (folder, row, picture, batchSize);
    }

    /// <summary>How often it looks.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The records, as they come.</summary>
    /// <param name="position">What a batch gave as its position; empty at the start.</param>
    /// <param name="once">Whether to end once nothing new is left.</param>
    /// <param name="cancellationToken">Ends the stream after the current batch.</param>
    public async IAsyncEnumerable<WatchBatch> Read(string position, bool once, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Lines of each table and pictures (1 line) that are dealt with, by file name.
        Dictionary<string, long> done = position.Length == 0 ? [] : Position(position);
        while (!cancellationToken.IsCancellationRequested)
        {
            bool waits = false;
            bool found = false;
            foreach (string path in Directory.EnumerateFiles(_folder).Order(StringComparer.Ordinal).ToArray())
            {
                string name = Path.GetFileName(path);
                if (name.StartsWith('.') || name.EndsWith(".tmp", StringComparison.OrdinalIgnoreCase))
                    continue;
                string extension = Path.GetExtension(name).ToLowerInvariant();
                if (extension == ".csv")
                {
                    foreach (IReadOnlyList<WatchItem> items in Rows(path, name, done))
                    {
                        found = true;
                        yield return new(items, JsonSerializer.Serialize(done));
                        if (cancellationToken.IsCancellationRequested)
                            yield break;
                    }
                }
                else if (_picture is not null && s_pictures.Contains(extension) && !done.ContainsKey(name))
                {
                    long size = Size(path);
                    bool settled = _sizes.TryGetValue(name, out long before) && before == size && size > 0;
                    _sizes[name] = size;
                    if (!settled)
                    {
                        waits = true;
                        continue;
                    }

                    done[name] = 1;
                    found = true;
                    yield return new([Picture(path, name)], JsonSerializer.Serialize(done));
                    if (cancellationToken.IsCancellationRequested)
                        yield break;
                }
            }

            if (once && !waits && !found)
                break;
            try
            {
                await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
    }

    private WatchItem Picture(string path, string name)
    {
        try
        {
            return new(name, _picture!(path));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever is wrong with one picture, its size included, the others go on.
            return new(name, null, RecordText.Problem(error.Message));
        }
    }

    private static Dictionary<string, long> Position(string position)
    {
        try
        {
            return StrictJson.Read<Dictionary<string, long>>(position);
        }
        catch (JsonException error)
        {
            throw new DataException("the state of the watch", "was made with another kind of input than a folder", "give the same --input, or start anew without the state", error);
        }
    }

    // Batches of the rows that are new; what is dealt with is noted before a batch is given.
    private IEnumerable<IReadOnlyList<WatchItem>> Rows(string path, string name, Dictionary<string, long> done)
    {
        long dealt = done.GetValueOrDefault(name);
        var items = new List<WatchItem>();
        List<string>? header = null;
        long number = 0;
        foreach (string line in WholeLines(path))
        {
            number++;
            if (number == 1)
            {
                header = Cells(line.TrimStart('\uFEFF'), Separator(line));
                continue;
            }

            if (number <= dealt)
                continue;
            if (line.Length > 0)
                items.Add(Row(line, name, number, header!));
            done[name] = number;
            if (items.Count >= _batchSize)
            {
                yield return items;
                items = [];
            }
        }

        if (items.Count > 0)
            yield return items;
    }

    private WatchItem Row(string line, string name, long number, List<string> header)
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"{name}:{number}");
        List<string> cells = Cells(line, header.Count > 1 ? Separator(line, header.Count) : ',');
        if (cells.Count != header.Count)
            return new(id, null, $"has {cells.Count} columns, the header {header.Count}");
        try
        {
            return new(id, _row(header, cells));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new(id, null, RecordText.Problem(error.Message));
        }
    }

    private static IEnumerable<string> WholeLines(string path)
    {
        byte[] content;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            content = new byte[file.Length];
            file.ReadExactly(content);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            yield break;                                                    // Gone again, or not ready: the next look will tell.
        }

        int start = 0;
        while (Array.IndexOf(content, (byte)'\n', start) is >= 0 and var end)
        {
            yield return System.Text.Encoding.UTF8.GetString(content, start, end - start).TrimEnd('\r');
            start = end + 1;
        }
    }

    private static long Size(string path)
    {
        try
        {
            return new FileInfo(path).Length;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static char Separator(string line, int columns = 0) => s_separators.MaxBy(c => columns > 0 ? Cells(line, c).Count == columns ? 1 : 0 : line.Count(x => x == c));

    private static List<string> Cells(string line, char separator)
    {
        var cells = new List<string>();
        var cell = new System.Text.StringBuilder();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"')
                cell.Append(line[i++]);
            else if (c == '"')
                quoted = !quoted;
            else if (c == separator && !quoted)
                (_, cell) = (Push(), new());
            else
                cell.Append(c);
        }

        Push();
        return cells;

        bool Push()
        {
            cells.Add(cell.ToString().Trim());
            return true;
        }
    }
}
