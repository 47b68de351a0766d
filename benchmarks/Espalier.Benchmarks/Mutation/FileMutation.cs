namespace Espalier.Benchmarks.Mutation;

/// <summary>Damages files as storage, transfers and attackers do: a pure function of seed, content and number.</summary>
internal static class FileMutation
{
    private static readonly byte[][] s_numbers = [[0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0], [0, 0, 0, 0x80], [1, 0, 0, 0]];

    /// <summary>A damaged copy.</summary>
    /// <param name="whole">The file.</param>
    /// <param name="random">Draws what is done.</param>
    public static byte[] Of(byte[] whole, Random random)
    {
        byte[] file = [.. whole];
        for (int left = random.Next(1, 5); left > 0 && file.Length > 1; left--)
        {
            int at = random.Next(file.Length);
            int length = Math.Min(file.Length - at, 1 + random.Next(1 << random.Next(9)));
            byte[] span = file[at..(at + length)];
            switch (random.Next(9))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)random.Next(256);
                    break;
                case 2:
                    file = [.. file[..at], .. file[(at + length)..]];
                    break;
                case 3:
                    random.NextBytes(span);
                    file = [.. file[..at], .. span, .. file[at..]];
                    break;
                case 4:
                    file = [.. file[..at], .. span, .. file[at..]];
                    break;
                case 5:
                    file = file[..at];
                    break;
                case 6:
                    Array.Clear(file, at, length);
                    break;
                case 7:
                    byte[] number = s_numbers[random.Next(s_numbers.Length)];
                    number.AsSpan(0, Math.Min(4, file.Length - at)).CopyTo(file.AsSpan(at));
                    break;
                default:
                    span.CopyTo(file, random.Next(file.Length - length + 1));
                    break;
            }
        }

        return file;
    }
}
