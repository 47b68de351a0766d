using System.Security.Cryptography;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Data.Catalog;

/// <summary>A file of a data set, and how to know that it is the right one.</summary>
/// <param name="Name">The file's name within the data set's folder.</param>
/// <param name="Sha256">Its SHA-256, 64 lower-case hexadecimal digits.</param>
/// <param name="Url">Where it can be downloaded; null where it cannot.</param>
/// <param name="HashesContent">
/// Whether the checksum is of what the gzip file holds: the same content compressed by another program is as good.
/// </param>
public sealed record DatasetFile(string Name, string Sha256, Uri? Url = null, bool HashesContent = false)
{
    /// <summary>Reads a file, uncompressed, and verifies it.</summary>
    /// <param name="path">Where the file lies.</param>
    /// <exception cref="DataException">It cannot be read, is not gzip inside, or has another checksum.</exception>
    internal byte[] ReadVerified(string path)
    {
        byte[] stored = ReadAll(path);
        byte[] content = Uncompressed(stored, path);
        Verify(HashesContent ? content : stored, path);
        return content;
    }

    /// <summary>Compares a checksum.</summary>
    /// <exception cref="DataException">It differs.</exception>
    internal void Verify(ReadOnlySpan<byte> hashed, string source)
    {
        string actual = Checksum(hashed);
        if (actual != Sha256)
            throw new DataException(source, $"has SHA-256 {actual[..12]}..., not {Sha256[..12]}...", "the file is damaged or another edition; delete it and get it again");
    }

    internal static byte[] ReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, "cannot be read", error.Message, error);
        }
    }

    /// <summary>The content of a gzip file; other files as they are.</summary>
    /// <param name="stored">The file.</param>
    /// <param name="source">What it is, for messages.</param>
    /// <param name="expected">Given the first bytes of the content, says how many there may be at most; as many as fit into memory where null.</param>
    internal static byte[] Uncompressed(byte[] stored, string source, Func<byte[], long>? expected = null) =>
        GzipContent.IsGzip(stored) ? GzipContent.Unpack(stored, source, expected) : stored;

    internal static string Checksum(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
