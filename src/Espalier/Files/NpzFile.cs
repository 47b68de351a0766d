using System.IO.Compression;

namespace Espalier.Files;

/// <summary>
/// A NumPy <c>.npz</c> archive: a zip of <see cref="NpyArray"/>s by name. Opening checks the directory; arrays are read one
/// by one. Written without compression and with fixed dates: the same arrays give the same bytes.
/// </summary>
public sealed class NpzFile
{
    private const string Extension = ".npy";

    // What zip can say at the earliest.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, string> _entries;

    private NpzFile(string path, Dictionary<string, string> entries) => (Path, _entries) = (path, entries);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The arrays' names, in the file's order, without <c>.npy</c>.</summary>
    public IEnumerable<string> Names => _entries.Keys;

    /// <summary>Opens an archive.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It is missing, no whole zip, or holds something else than arrays.</exception>
    public static NpzFile Open(string path)
    {
        using ZipArchive archive = Opened(path);
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            if (!entry.FullName.EndsWith(Extension, StringComparison.Ordinal))
                throw new CheckpointException(path, $"holds '{entry.FullName}', which is no array", "give a file of numpy.savez");
            if (!entries.TryAdd(entry.FullName[..^Extension.Length], entry.FullName))
                throw new CheckpointException(path, $"holds '{entry.FullName}' twice", "write it again");
        }

        return new NpzFile(path, entries);
    }

    /// <summary>Whether there is an array of that name.</summary>
    /// <param name="name">A name, without <c>.npy</c>.</param>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Reads an array.</summary>
    /// <param name="name">A name, without <c>.npy</c>.</param>
    /// <exception cref="CheckpointException">There is none of that name, or it is damaged.</exception>
    public NpyArray Load(string name)
    {
        if (!_entries.TryGetValue(name, out string? entry))
            throw new CheckpointException(Path, $"holds no array '{name}'", Suggestion.For(name, Names));
        using ZipArchive archive = Opened(Path);
        return Read(archive.GetEntry(entry) ?? throw new CheckpointException(Path, $"array '{name}' has vanished", "put the file back"), $"{Path}/{name}");
    }

    /// <summary>Writes an archive; it is whole or absent.</summary>
    /// <param name="path">The file.</param>
    /// <param name="arrays">The arrays by name, without <c>.npy</c>.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, NpyArray>> arrays) => AtomicFile.Replace(path, stream =>
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach ((string name, NpyArray array) in arrays)
            Add(archive, name + Extension, array.Write);
    });

    /// <summary>Adds an entry to an archive, without compression and with a fixed date.</summary>
    /// <param name="archive">The archive, open for writing.</param>
    /// <param name="name">The entry's name, with its extension.</param>
    /// <param name="write">Writes the content.</param>
    public static void Add(ZipArchive archive, string name, Action<Stream> write)
    {
        ZipArchiveEntry entry = archive.CreateEntry(name, CompressionLevel.NoCompression);
        entry.LastWriteTime = Epoch;
        using Stream content = entry.Open();
        write(content);
    }

    /// <summary>Reads an entry of an archive that is an array.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="source">What it is, for messages.</param>
    /// <exception cref="CheckpointException">It is damaged, or no array of plain numbers.</exception>
    public static NpyArray Read(ZipArchiveEntry entry, string source)
    {
        try
        {
            using Stream content = entry.Open();
            return NpyArray.Read(content, source, entry.Length);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw new CheckpointException(source, "is damaged", "write the file again", error);
        }
    }

    private static ZipArchive Opened(string path)
    {
        if (!File.Exists(path))
            throw new CheckpointException(path, "the file does not exist", "check the path");
        try
        {
            return ZipFile.OpenRead(path);
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, "is no whole zip archive", "write it again, with numpy.savez", error);
        }
    }
}
