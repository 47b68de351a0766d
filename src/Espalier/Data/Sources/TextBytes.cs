using System.Text;

namespace Espalier.Data.Sources;

/// <summary>Reads bytes as text.</summary>
internal static class TextBytes
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>UTF-8 as text, a byte-order mark left out.</summary>
    /// <exception cref="DataException">It is not UTF-8.</exception>
    public static string Read(byte[] content, string source)
    {
        ReadOnlySpan<byte> bytes = content;
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new DataException(source, $"is not UTF-8 at byte {error.Index}", "save it as UTF-8", error);
        }
    }
}
