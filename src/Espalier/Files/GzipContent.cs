using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.IO.Hashing;
using Espalier.Errors;

namespace Espalier.Files;

/// <summary>What a gzip file holds, with a bound on its size, and refused where the file is cut.</summary>
internal static class GzipContent
{
    private const int Trailer = 8;

    /// <summary>The most that a file is unpacked to: what one array can hold, and not more than half of the memory.</summary>
    public static long Most { get; } = Math.Min(Array.MaxLength, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);

    /// <summary>Whether bytes begin as a gzip file does.</summary>
    public static bool IsGzip(ReadOnlySpan<byte> stored) => stored is [0x1f, 0x8b, ..];

    /// <summary>Unpacks a file of one or several members.</summary>
    /// <param name="stored">The file.</param>
    /// <param name="source">What it is, for messages.</param>
    /// <param name="expected">Given the first bytes, says how many there may be at most; <see cref="Most"/> where null.</param>
    /// <exception cref="DataException">It is damaged or cut, or holds more than is expected.</exception>
    public static byte[] Unpack(byte[] stored, string source, Func<byte[], long>? expected = null)
    {
        try
        {
            using var zipped = new GZipStream(new MemoryStream(stored), CompressionMode.Decompress);
            byte[] content = new byte[Math.Min(Most, Math.Max(1024, 4L * stored.Length))];
            int length = zipped.ReadAtLeast(content.AsSpan(0, Math.Min(1024, content.Length)), 64, throwOnEndOfStream: false);
            long most = Math.Min(Most, expected?.Invoke(content[..length]) ?? Most);
            while (true)
            {
                if (length > most)
                    throw new DataException(source, string.Create(CultureInfo.InvariantCulture, $"unpacks to more than {most:N0} bytes"), "the file is damaged, or too large: get it again, or give it in parts");
                if (length == content.Length)
                    Array.Resize(ref content, (int)Math.Min(Array.MaxLength, 2L * length));
                int read = zipped.Read(content, length, (int)Math.Min(content.Length, most + 1) - length);
                if (read == 0)
                    break;
                length += read;
            }

            if (!IsWhole(stored, content.AsSpan(0, length)))
                throw Broken(source);
            return length == content.Length ? content : content[..length];
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw Broken(source, error);
        }
    }

    // The stream ends without a word where a file was cut. The last eight bytes of a whole file are the checksum and the length of what its
    // last member holds (RFC 1952), and so of the end of the content; an empty member can be told by its two or five bytes.
    private static bool IsWhole(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> content)
    {
        if (stored.Length < 18)
            return false;
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(stored[^Trailer..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(stored[^4..]);
        if (length == 0)
            return checksum == 0 && (stored[..^Trailer].EndsWith((ReadOnlySpan<byte>)[3, 0]) || stored[..^Trailer].EndsWith((ReadOnlySpan<byte>)[1, 0, 0, 0xff, 0xff]));
        return length <= content.Length && Crc32.HashToUInt32(content[^(int)length..]) == checksum;
    }

    private static DataException Broken(string source, Exception? inner = null) => new(source, "is not a whole gzip file", "get the file again", inner);
}
