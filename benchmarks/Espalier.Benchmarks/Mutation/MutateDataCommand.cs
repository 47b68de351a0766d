using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Espalier.Anomaly.Watching;
using Espalier.Data.Images;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Files;
using SkiaSharp;

namespace Espalier.Benchmarks.Mutation;

/// <summary>
/// <c>mutate-data --files 6000 --seed 1</c>: damaged tables, archives and pictures, each read by every loader of its kind. A reading ends well or
/// with an <see cref="EspalierException"/>; anything else is a fault, and its file is kept.
/// </summary>
internal static class MutateDataCommand
{
    public static void Run(CommandArguments arguments)
    {
        int files = arguments.Number("--files") ?? 6000;
        int seed = arguments.Number("--seed") ?? 1;
        string folder = Directory.CreateDirectory(arguments.Text("--out") ?? Path.Combine(Path.GetTempPath(), $"espalier-mutations-{seed}")).FullName;
        (string Name, byte[] Content, Func<string, Task> Read)[] kinds = Kinds(folder);
        var counts = kinds.ToDictionary(k => k.Name, _ => new int[3]);
        foreach ((string name, byte[] content, Func<string, Task> read) in kinds)
        {
            // What is not damaged is read: else nothing is tried.
            string whole = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "whole")).FullName, name);
            File.WriteAllBytes(whole, content);
            read(whole).GetAwaiter().GetResult();
            File.Delete(whole);
        }

        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < files; i++)
        {
            (string name, byte[] content, Func<string, Task> read) = kinds[i % kinds.Length];
            string extension = name[name.IndexOf('.', StringComparison.Ordinal)..];

            // Written before it is read: what ends the process is found here.
            string work = Directory.CreateDirectory(Path.Combine(folder, "work")).FullName;
            string path = Path.Combine(work, "current" + extension);
            File.WriteAllBytes(path, FileMutation.Of(content, new Random((seed * 1_000_003) + i)));
            try
            {
                read(path).GetAwaiter().GetResult();
                counts[name][0]++;
            }
            catch (EspalierException)
            {
                counts[name][1]++;
            }
            catch (Exception error)
            {
                counts[name][2]++;
                File.Copy(path, Path.Combine(folder, $"fault-{i}{extension}"), overwrite: true);
                Console.WriteLine($"{name}, number {i}: {error}");
            }

            File.Delete(path);
        }

        using var process = Process.GetCurrentProcess();
        Console.WriteLine("| kind | files | read | refused by type | faults |\n|---|---|---|---|---|");
        foreach ((string name, int[] count) in counts)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {count.Sum()} | {count[0]} | {count[1]} | {count[2]} |"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{files:N0} files in {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s, seed {seed}, at most {process.PeakWorkingSet64 / 1048576.0:N0} MiB, {counts.Values.Sum(c => c[2])} faults"));
        Environment.ExitCode = counts.Values.Any(c => c[2] > 0) ? 1 : 0;
    }

    private static (string Name, byte[] Content, Func<string, Task> Read)[] Kinds(string folder)
    {
        string table = "a,colour,note,y\n" + string.Concat(Enumerable.Range(0, 60).Select(i => string.Create(CultureInfo.InvariantCulture,
            $"{i * 0.37},{(i % 2 == 0 ? "red" : "blué")},\"x \"\"{i % 5}\"\"\n\",{i % 3}\r\n")));
        byte[] text = Encoding.UTF8.GetBytes(table);
        var arrays = new Dictionary<string, NpyArray> { ["X"] = NpyArray.Of([.. Enumerable.Range(0, 60).Select(i => (double)i)], 20, 3), ["y"] = NpyArray.Of([.. Enumerable.Range(0, 20).Select(i => (long)(i % 2))]) };
        string npz = Path.Combine(folder, "whole.npz");
        NpzFile.Write(npz, arrays);
        string npy = Path.Combine(folder, "whole.npy");
        arrays["X"].Write(npy);
        byte[] idx = [0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 4, .. Enumerable.Range(0, 80).Select(i => (byte)i)];
        return
        [
            ("table.csv", text, Table),
            ("table.csv.gz", [.. Packed(text[..900]), .. Packed(text[900..])], Table),
            ("stored.npz", File.ReadAllBytes(npz), Archive),
            ("deflated.npz", Deflated(arrays), Archive),
            ("array.npy", File.ReadAllBytes(npy), Archive),
            ("images.idx.gz", Packed(idx), Idx),
            ("picture.png", Picture(SKEncodedImageFormat.Png), Image),
            ("picture.jpg", Picture(SKEncodedImageFormat.Jpeg), Image),
            ("picture.webp", Picture(SKEncodedImageFormat.Webp), Image),
            ("picture.gif", Convert.FromBase64String("R0lGODlhBAAEAPAAAP8AAAAA/yH5BAAAAAAALAAAAAAEAAQAAAIFhI+pC1kAOw=="), Image),
            ("picture.bmp", Bitmap(), Image),
        ];
    }

    private static async Task Table(string path)
    {
        EspalierException? refused = null;
        foreach (Action read in (Action[])[() => NumericTable.Read(path, new() { Label = "y", BadRows = BadRows.LeaveOut }), () => CsvTable.Read(path).Dispose()])
        {
            try
            {
                read();
            }
            catch (EspalierException error)
            {
                refused = error;
            }
        }

        // A watched folder reports bad rows one by one.
        await foreach (WatchBatch _ in new FolderSource(Path.GetDirectoryName(path)!, (header, cells) => [header.Count, cells.Count]) { Interval = TimeSpan.FromMilliseconds(1) }
            .Read("", once: true, CancellationToken.None))
        {
        }

        if (refused is not null)
            throw refused;
    }

    private static Task Archive(string path)
    {
        NumericTable.Read(path);
        return Task.CompletedTask;
    }

    private static Task Idx(string path)
    {
        IdxFile.ReadImages(path).Dispose();
        return Task.CompletedTask;
    }

    private static Task Image(string path)
    {
        using var scope = torch.NewDisposeScope();
        ImageFile.Read(path, 3, 8, 8);
        return Task.CompletedTask;
    }

    private static byte[] Packed(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            zip.Write(content);
        return packed.ToArray();
    }

    private static byte[] Deflated(Dictionary<string, NpyArray> arrays)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, NpyArray array) in arrays)
            {
                using Stream entry = archive.CreateEntry(name + ".npy").Open();
                array.Write(entry);
            }
        }

        return stream.ToArray();
    }

    private static byte[] Picture(SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(24, 16, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        for (int i = 0; i < 24 * 16; i++)
            bitmap.SetPixel(i % 24, i / 24, new SKColor((byte)(i * 7), (byte)(i * 3), (byte)i, (byte)(255 - (i % 50))));
        using SKData data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    private static byte[] Bitmap()
    {
        byte[] pixels = [.. Enumerable.Range(0, 8 * 8 * 3).Select(i => (byte)(i * 5))];
        return [(byte)'B', (byte)'M', 246, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 1, 0, 24, 0, .. new byte[4], 192, .. new byte[19], .. pixels];
    }
}
