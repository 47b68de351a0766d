using System.IO.Compression;
using System.IO.Hashing;
using Espalier.Errors;

namespace Espalier.Files;

/// <summary>
/// A NumPy <c>.npz</c> archive: a zip of <see cref="NpyArray"/>s by name. Opening checks the directory; arrays are read one
/// by one. Written without compression and with fixed dates: the same arrays give the same bytes.
/// </summary>
public sealed class NpzFile
{
    private const string Extension = ".npy";

    // Deflate makes no more than 1,032 bytes of one.
    private const long MostInflated = 1032;

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
        foreach (ZipArchiveEntry entry in Guarded(path, () => archive.Entries))
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
        return Read(Guarded(Path, () => archive.GetEntry(entry)) ?? throw new CheckpointException(Path, $"array '{name}' has vanished", "put the file back"), $"{Path}/{name}");
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
        // What a directory claims is believed as far as the bytes that are there can be unpacked to.
        if (entry.Length > (entry.CompressedLength + 1) * MostInflated)
            throw new CheckpointException(source, $"claims {entry.Length} bytes in {entry.CompressedLength}", "write the file again");
        return Guarded(source, () =>
        {
            using Stream content = entry.Open();
            using var checkedContent = new ChecksumStream(content);
            NpyArray array = NpyArray.Read(checkedContent, source, entry.Length);
            return checkedContent.Value == entry.Crc32 ? array : throw new InvalidDataException("the checksum of its content is another");
        });
    }

    /// <summary>Does something with an archive, whose directory and entries are read only then.</summary>
    private static T Guarded<T>(string source, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is InvalidDataException or IOException or NotSupportedException or ArgumentException or OverflowException)
        {
            throw new CheckpointException(source, "is damaged", "write the file again, with numpy.savez", error);
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
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CheckpointException(path, "is no whole zip archive", "write it again, with numpy.savez", error);
        }
    }

    // Computes the checksum of what is read; zip archives are not checked by what reads them here.
    private sealed class ChecksumStream(Stream inner) : Stream
    {
        private readonly Crc32 _checksum = new();

        public uint Value => _checksum.GetCurrentHashAsUInt32();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            _checksum.Append(buffer[..read]);
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
