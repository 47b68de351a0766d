using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Espalier.Files;
using Espalier.Tests.Files;

namespace Espalier.Tests.Anomaly;

/// <summary>One way to spoil a kept detector, drawn at random.</summary>
internal static class ArchiveMutation
{
    /// <summary>How many ways there are.</summary>
    public const int Ways = 16;

    private static readonly NpyType[] s_types = Enum.GetValues<NpyType>();

    /// <summary>Writes a spoilt copy of an archive.</summary>
    /// <param name="good">The archive's bytes.</param>
    /// <param name="path">Where the copy goes.</param>
    /// <param name="way">From 0.</param>
    /// <param name="random">What else is drawn.</param>
    /// <returns>Whether the copy may be a sound archive of another detector: then its scores need not be the same.</returns>
    public static bool Write(byte[] good, string path, int way, Random random)
    {
        if (way < 5)
        {
            File.WriteAllBytes(path, Bytes([.. good], way, random));
            return false;
        }

        List<(string Name, byte[] Content)> entries = Entries(good);
        bool mayDiffer = way is 6 or 7 or 8;
        switch (way)
        {
            case 5: Array(entries, random, (array, r) => Retyped(array, s_types[r.Next(s_types.Length)], [.. array.Shape])); break;
            case 6: Array(entries, random, Reshaped); break;
            case 7: Array(entries, random, (array, _) => NpyArray.Of(new double[Math.Max(1, array.Count / 2)])); break;
            case 8: Swap(entries, random); break;
            case 9: Drop(entries, random); break;
            case 10: Claim(entries, random); break;
            case 11 when random.Next(2) == 0: entries.Add(entries[random.Next(entries.Count)]); break;
            case 11: break;
            default:
                mayDiffer = true;
                Document(entries, way, random);
                break;
        }

        Zip(path, entries, isCompressed: way == 11);
        return mayDiffer;
    }

    private static byte[] Bytes(byte[] bytes, int way, Random random)
    {
        int at = random.Next(bytes.Length);
        switch (way)
        {
            case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 1: return bytes[..at];
            case 2: random.NextBytes(bytes.AsSpan(at, Math.Min(random.Next(1, 40), bytes.Length - at))); break;
            case 3: return [.. bytes[..at], .. new byte[random.Next(1, 9)], .. bytes[at..]];
            default: bytes.AsSpan(at, Math.Min(200, bytes.Length - at)).Clear(); break;
        }

        return bytes;
    }

    /// <summary>The entries of an archive without its checksums.</summary>
    public static List<(string Name, byte[] Content)> Entries(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive));
        var entries = new List<(string, byte[])>();
        foreach (ZipArchiveEntry entry in zip.Entries.Where(e => e.FullName != "SHA256SUMS"))
        {
            byte[] content = new byte[entry.Length];
            using Stream stream = entry.Open();
            stream.ReadExactly(content);
            entries.Add((entry.FullName, content));
        }

        return entries;
    }

    /// <summary>Writes an archive with checksums that are right.</summary>
    public static void Zip(string path, List<(string Name, byte[] Content)> entries, bool isCompressed = false)
    {
        string sums = string.Concat(entries.Select(e => $"{Convert.ToHexStringLower(SHA256.HashData(e.Content))}  {e.Name}\n"));
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        foreach ((string name, byte[] content) in entries.Append(("SHA256SUMS", Encoding.UTF8.GetBytes(sums))))
        {
            using Stream stream = zip.CreateEntry(name, isCompressed ? CompressionLevel.Fastest : CompressionLevel.NoCompression).Open();
            stream.Write(content);
        }
    }

    private static void Array(List<(string Name, byte[] Content)> entries, Random random, Func<NpyArray, Random, NpyArray> change)
    {
        int[] arrays = [.. Enumerable.Range(0, entries.Count).Where(i => entries[i].Name.StartsWith("arrays/", StringComparison.Ordinal))];
        if (arrays.Length == 0)
            return;
        int which = arrays[random.Next(arrays.Length)];
        using var old = new MemoryStream(entries[which].Content);
        using var written = new MemoryStream();
        change(NpyArray.Read(old, "array", old.Length), random).Write(written);
        entries[which] = (entries[which].Name, written.ToArray());
    }

    // The same numbers as another type where that has them, else ones.
    private static NpyArray Retyped(NpyArray array, NpyType type, long[] shape)
    {
        using var scope = torch.NewDisposeScope();
        Tensor tensor = array.ToTensor();
        torch.ScalarType to = type switch
        {
            NpyType.Bool => torch.ScalarType.Bool,
            NpyType.Int8 => torch.ScalarType.Int8,
            NpyType.Int16 or NpyType.UInt16 => torch.ScalarType.Int16,
            NpyType.Int32 or NpyType.UInt32 => torch.ScalarType.Int32,
            NpyType.Int64 or NpyType.UInt64 => torch.ScalarType.Int64,
            NpyType.UInt8 => torch.ScalarType.Byte,
            NpyType.Float32 => torch.ScalarType.Float32,
            _ => torch.ScalarType.Float64,
        };
        return NpyArray.Of(tensor.to(to).view(shape));
    }

    private static NpyArray Reshaped(NpyArray array, Random random)
    {
        using var scope = torch.NewDisposeScope();
        Tensor tensor = array.ToTensor();
        return NpyArray.Of(random.Next(5) switch
        {
            0 => tensor.flatten(),
            1 => tensor.unsqueeze(0),
            2 => tensor.dim() > 1 ? tensor.transpose(0, 1).contiguous() : tensor.unsqueeze(-1),
            3 => tensor.flatten().narrow(0, 0, Math.Min(1, tensor.numel())).squeeze(),
            _ => tensor.dim() > 0 && tensor.shape[0] > 0 ? tensor.narrow(0, 0, tensor.shape[0] - 1).contiguous() : tensor.unsqueeze(0),
        });
    }

    private static void Swap(List<(string Name, byte[] Content)> entries, Random random)
    {
        (int a, int b) = (random.Next(entries.Count), random.Next(entries.Count));
        ((string first, byte[] one), (string second, byte[] other)) = (entries[a], entries[b]);
        (entries[a], entries[b]) = ((first, other), (second, one));
    }

    private static void Drop(List<(string Name, byte[] Content)> entries, Random random)
    {
        int which = random.Next(entries.Count);
        (string name, byte[] content) = entries[which];
        entries.RemoveAt(which);
        if (random.Next(2) == 0)
            entries.Add(($"{name}.other", content));
    }

    // A shape of billions in the head of an array.
    private static void Claim(List<(string Name, byte[] Content)> entries, Random random)
    {
        int which = random.Next(1, entries.Count);
        string head = Encoding.Latin1.GetString(entries[which].Content);
        int from = head.IndexOf("'shape': (", StringComparison.Ordinal) + "'shape': (".Length;
        string changed = $"{head[..from]}{(random.Next(2) == 0 ? "2000000000," : "9223372036854775807,2,")}{head[from..]}";
        entries[which] = (entries[which].Name, Encoding.Latin1.GetBytes(changed));
    }

    private static void Document(List<(string Name, byte[] Content)> entries, int way, Random random)
    {
        int which = entries.FindIndex(e => e.Name == "detector.json");
        string text = Encoding.UTF8.GetString(entries[which].Content);
        entries[which] = ("detector.json", Encoding.UTF8.GetBytes(way switch
        {
            12 => JsonMutation.Replaced(text, random),
            13 => JsonMutation.Huge(text, random),
            14 => JsonMutation.Doubled(text, random),
            _ => JsonMutation.Renumbered(text, random),
        }));
    }
}
