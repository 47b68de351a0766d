using System.Text;

namespace Espalier.Language.Tokenizers;

/// <summary>
/// UTF-8 that also writes unpaired surrogates, three bytes each ("WTF-8", S. Sapin 2018): every .NET string has its bytes
/// and comes back from them.
/// </summary>
internal static class WideUtf8
{
    private const char Replacement = '\uFFFD';

    public static byte[] Encode(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            byte[] plain = new byte[Encoding.UTF8.GetByteCount(text)];
            Encoding.UTF8.GetBytes(text, plain);
            return plain;
        }

        byte[] bytes = new byte[text.Length * 3];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (Rune.DecodeFromUtf16(text[i..], out Rune rune, out int used) == System.Buffers.OperationStatus.Done)
            {
                length += rune.EncodeToUtf8(bytes.AsSpan(length));
                i += used - 1;
                continue;
            }

            char lone = text[i];
            bytes[length++] = (byte)(0xE0 | (lone >> 12));
            bytes[length++] = (byte)(0x80 | ((lone >> 6) & 0x3F));
            bytes[length++] = (byte)(0x80 | (lone & 0x3F));
        }

        return bytes[..length];
    }

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int used) == System.Buffers.OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else if (bytes is [0xED, >= 0xA0 and <= 0xBF and var second, >= 0x80 and <= 0xBF and var third, ..])
            {
                text.Append((char)(0xD000 | ((second & 0x3F) << 6) | (third & 0x3F)));
                used = 3;
            }
            else
            {
                text.Append(Replacement);
            }

            bytes = bytes[used..];
        }

        return text.ToString();
    }
}
