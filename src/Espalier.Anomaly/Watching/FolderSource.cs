using Espalier.Data.Images;
using Espalier.Errors;

namespace Espalier.Anomaly.Watching;

/// <summary>
/// Files that appear in a folder or in folders within it: tables (<c>.csv</c>) whose rows are records and that may grow, and pictures that
/// are a record each. Files are taken in the order of their names; hidden ones and <c>.tmp</c> are left alone, a picture is read once it has
/// kept its size from one look to the next, and a row once its line has an end. A table is read on from where it was read up to; one that
/// was replaced or cut is read from its start, and a picture that was replaced is a new record.
/// </summary>
public sealed class FolderSource
{
    // Values that a batch may hold: pictures are many numbers each.
    private const long MostValues = 1 << 22;

    private readonly string _folder;
    private readonly Func<IReadOnlyList<string>, IReadOnlyList<string>, double[]> _row;
    private readonly Func<string, double[]>? _picture;
    private readonly int _batchSize;
    private readonly Dictionary<string, (long Size, long Ticks)> _stamps = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TableFollower> _followers = new(StringComparer.Ordinal);
    private bool _waits;

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
    /// <param name="once">Whether to end once nothing new is left; a last row without an end is then decided too.</param>
    /// <param name="cancellationToken">Ends the stream after the current batch.</param>
    /// <exception cref="DataException">The position is not a folder's.</exception>
    public async IAsyncEnumerable<WatchBatch> Read(string position, bool once, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        FolderPosition done = FolderPosition.Parse(position);
        while (!cancellationToken.IsCancellationRequested)
        {
            bool found = false;
            var items = new List<WatchItem>();
            var places = new Dictionary<string, (long Offset, long Line)>(StringComparer.Ordinal);
            long values = 0;
            foreach (WatchItem item in Look(done, places, once))
            {
                found = true;
                items.Add(item);
                values += item.Values?.Length ?? 0;
                if (items.Count < _batchSize && values < MostValues)
                    continue;
                yield return Batch(items, done, places);
                (items, values) = ([], 0);
                if (cancellationToken.IsCancellationRequested)
                    yield break;
            }

            if (items.Count > 0)
                yield return Batch(items, done, places);
            if (once && !_waits && !found)
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

    private WatchBatch Batch(List<WatchItem> items, FolderPosition done, Dictionary<string, (long Offset, long Line)> places)
    {
        foreach ((string name, (long offset, long line)) in places)
            done.Tables[name] = _followers[name].At(offset, line);
        places.Clear();
        return new(items, done.Save());
    }

    // What is new; the position is ahead of what is given by no more than the last record.
    private IEnumerable<WatchItem> Look(FolderPosition done, Dictionary<string, (long Offset, long Line)> places, bool once)
    {
        _waits = false;
        if (FolderFiles.TryIn(_folder) is not { } files)
            yield break;                                                    // A folder that is away for a moment: nothing of it is forgotten.
        var tables = new HashSet<string>(StringComparer.Ordinal);
        var pictures = new HashSet<ulong>();
        foreach (string path in files)
        {
            string name = Path.GetRelativePath(_folder, path).Replace(Path.DirectorySeparatorChar, '/');
            if (name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase))
            {
                tables.Add(name);
                if (!_followers.TryGetValue(name, out TableFollower? follower))
                    _followers[name] = follower = new(path, name, _row);
                foreach ((WatchItem item, long offset, long line) in follower.Look(done.Tables.GetValueOrDefault(name), once))
                {
                    places[name] = (offset, line);
                    yield return item;
                }

                _waits |= follower.Waits;
            }
            else if (_picture is not null && ImageFile.IsPicture(name))
            {
                (long Size, long Ticks) now = Stamp(path);
                ulong key = FolderPosition.Key(name, now.Size, now.Ticks);
                pictures.Add(key);
                if (done.IsDealt(key, now.Ticks))
                    continue;
                bool isSettled = _stamps.TryGetValue(name, out (long Size, long Ticks) before) && before == now && now.Size > 0;
                _stamps[name] = now;
                if (!isSettled)
                {
                    _waits = true;
                    continue;
                }

                _stamps.Remove(name);
                done.Add(key, now.Ticks);
                yield return Picture(path, name);
            }
        }

        done.Keep(tables, pictures);
        foreach (string gone in _followers.Keys.Where(n => !tables.Contains(n)).ToArray())
            _followers.Remove(gone);
    }

    // Whatever a decoder makes of one picture, the others are read.
    private WatchItem Picture(string path, string name)
    {
        try
        {
            return new(name, _picture!(path));
        }
        catch (Exception error) when (error is not (OperationCanceledException or OutOfMemoryException))
        {
            return new(name, null, RecordText.Problem(error.Message));
        }
    }

    private static (long Size, long Ticks) Stamp(string path)
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
}
