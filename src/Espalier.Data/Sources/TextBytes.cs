using System.Text;
using Espalier.Data.Tables;
using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>Reads bytes as text.</summary>
internal static class TextBytes
{
    /// <summary>UTF-8 as text, a byte-order mark left out.</summary>
    /// <exception cref="DataException">It is not UTF-8.</exception>
    public static string Read(byte[] content, string source)
    {
        if (CsvReader.FirstInvalid(content) is >= 0 and var at)
            throw new DataException(source, $"is not UTF-8 at byte {at}", "save it as UTF-8");
        ReadOnlySpan<byte> bytes = content;
        return Encoding.UTF8.GetString(bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes);
    }
}
