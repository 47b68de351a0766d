using System.Text;
using System.Text.Json.Nodes;
using Espalier.Anomaly.Persistence;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Tests.Data;

namespace Espalier.Tests.Anomaly;

public sealed class DetectorArchiveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Written()
    {
        string path = _folder.File("detector.zip");
        new DetectorArchive
        {
            Kind = "tabular",
            Detector = "lof:k=20",
            Options = new JsonObject { ["columns"] = new JsonArray("a", "b") },
            ModelChecksum = "abc",
            Arrays = new Dictionary<string, NpyArray> { ["rows"] = NpyArray.Of([1.0, 2, 3, 4], 2, 2) },
            Calibration = [-1, 0.5, 0.5, double.PositiveInfinity],
        }.Write(path);
        return path;
    }

    private static void Rewrite(string path, string entry, Func<byte[], byte[]?> change)
    {
        List<(string Name, byte[] Content)> entries = ArchiveMutation.Entries(File.ReadAllBytes(path));
        int which = entries.FindIndex(e => e.Name == entry);
        if (change(entries[which].Content) is { } changed)
            entries[which] = (entry, changed);
        else
            entries.RemoveAt(which);
        ArchiveMutation.Zip(path, entries);
    }

    private static void Document(string path, Action<JsonObject> change) => Rewrite(path, "detector.json", bytes =>
    {
        JsonObject document = JsonNode.Parse(bytes)!.AsObject();
        change(document);
        return Encoding.UTF8.GetBytes(document.ToJsonString());
    });

    [Fact]
    public void What_is_written_is_read()
    {
        string path = Written();
        DetectorArchive archive = DetectorArchive.Read(path, "tabular");
        Assert.Equal(("tabular", "lof:k=20", "abc"), (archive.Kind, archive.Detector, archive.ModelChecksum));
        Assert.Equal([1.0, 2, 3, 4], archive.Arrays["rows"].ToDoubles());
        Assert.Equal([2L, 2], archive.Arrays["rows"].Shape);
        Assert.Equal([-1, 0.5, 0.5, double.PositiveInfinity], archive.Calibration);
        Assert.Equal("b", (string?)archive.Options["columns"]![1]);
        Assert.Equal(DetectorArchive.HashOf(archive.Calibration), archive.CalibrationHash);
        Assert.Null(archive.Examples);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.tmp"));
        byte[] once = File.ReadAllBytes(path);
        archive.Write(path);
        Assert.Equal(once, File.ReadAllBytes(path));
    }

    [Fact]
    public void What_cannot_be_trusted_is_refused()
    {
        Assert.Contains("'tabular'", Refused(Written(), "network"), StringComparison.Ordinal);
        string path = Written();
        Document(path, d => d["schema"] = 3);
        Assert.Contains("version 3", Refused(path), StringComparison.Ordinal);
        path = Written();
        Document(path, d => d["schema"] = "one");
        Assert.Contains("schema", Refused(path), StringComparison.Ordinal);
        path = Written();
        Document(path, d => d.Remove("detector"));
        Assert.Contains("detector", Refused(path), StringComparison.Ordinal);
        path = Written();
        Document(path, d => d["arrays"] = new JsonArray("rows", "more"));
        Assert.Contains("'arrays/more'", Refused(path), StringComparison.Ordinal);
        path = Written();
        Rewrite(path, "calibration.npy", _ =>
        {
            using var stream = new MemoryStream();
            NpyArray.Of([-1.0, 0.4, 0.5, 9]).Write(stream);
            return stream.ToArray();
        });
        Assert.Contains("other calibration scores", Refused(path), StringComparison.Ordinal);
        path = Written();
        Rewrite(path, "detector.json", _ => "{ not json"u8.ToArray());
        Assert.Contains("detector.json", Refused(path), StringComparison.Ordinal);
        path = Written();
        Rewrite(path, "detector.json", _ => null);
        Assert.Contains("detector.json", Refused(path), StringComparison.Ordinal);
        path = Written();
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..200]);
        Refused(path);
        Refused(_folder.File("absent.zip"));
        Assert.Contains("fitted on the model abc", Refused((Action)(() => DetectorArchive.Read(Written()).RequireModel("file", "abd"))), StringComparison.Ordinal);
        DetectorArchive.Read(Written()).RequireModel("file", "abc");

        static string Refused(object target, string? kind = null) => Assert.Throws<CheckpointException>(target as Action ?? (() => DetectorArchive.Read((string)target, kind))).Message;
    }

    [Fact]
    public void A_changed_bit_anywhere_is_refused_or_changes_nothing()
    {
        byte[] good = File.ReadAllBytes(Written());
        string path = _folder.File("flipped.zip");
        int refused = 0;
        for (int at = 0; at < good.Length; at++)
        {
            byte[] flipped = [.. good];
            flipped[at] ^= 0x10;
            File.WriteAllBytes(path, flipped);
            try
            {
                DetectorArchive read = DetectorArchive.Read(path);
                Assert.Equal(("tabular", "lof:k=20", "abc"), (read.Kind, read.Detector, read.ModelChecksum));
                Assert.Equal([1.0, 2, 3, 4], read.Arrays["rows"].ToDoubles());
                Assert.Equal([-1, 0.5, 0.5, double.PositiveInfinity], read.Calibration);
            }
            catch (CheckpointException)
            {
                refused++;
            }
        }

        // What is left are dates and versions in zip's own directory.
        Assert.True(refused > good.Length * 3 / 4, $"{refused} of {good.Length}");
    }

    [Fact]
    public void An_archive_without_checksums_of_the_first_version_is_read_by_its_zip_checksums()
    {
        string path = Written();
        Document(path, d => d["schema"] = 1);
        List<(string Name, byte[] Content)> entries = ArchiveMutation.Entries(File.ReadAllBytes(path));
        using (var zip = new System.IO.Compression.ZipArchive(File.Create(path), System.IO.Compression.ZipArchiveMode.Create))
        {
            foreach ((string name, byte[] content) in entries)
                NpzFile.Add(zip, name, stream => stream.Write(content));
        }

        Assert.Equal([1.0, 2, 3, 4], DetectorArchive.Read(path).Arrays["rows"].ToDoubles());
        byte[] bytes = File.ReadAllBytes(path);
        int at = bytes.AsSpan().IndexOf(BitConverter.GetBytes(3.0));
        bytes[at + 6] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Contains("damaged", Assert.Throws<CheckpointException>(() => DetectorArchive.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scores_that_are_not_sorted_are_not_kept()
    {
        Assert.Throws<DataException>(() => new DetectorArchive { Kind = "a", Detector = "b", Calibration = [2, 1] }.Write(_folder.File("x.zip")));
        Assert.Throws<DataException>(() => new DetectorArchive { Kind = "a", Detector = "b", Calibration = [double.NaN] }.Write(_folder.File("x.zip")));
    }

    [Fact]
    public void The_nearest_examples_are_found()
    {
        using var scope = torch.NewDisposeScope();
        using var bank = new ExampleBank(torch.tensor(new[] { 0f, 0, 3, 4, 1, 0 }).view(3, 2), ["zero", "far", "one"]);
        IReadOnlyList<NearestExample> nearest = bank.Nearest(torch.zeros(1, 2), 5)[0];
        Assert.Equal([new("zero", 0), new("one", 1), new("far", 5)], nearest);
        Assert.Throws<ShapeException>(() => bank.Nearest(torch.zeros(1, 3)));
        Assert.Throws<ShapeException>(() => new ExampleBank(torch.zeros(2, 2), ["one"]));
    }
}
