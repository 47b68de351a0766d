using System.IO.Compression;
using Espalier.Data;
using Espalier.Data.Images;
using Espalier.Errors;

namespace Espalier.Tests.Data;

public sealed class IdxFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // Two images of 2 x 3 pixels.
    private static readonly byte[] Images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6];
    private static readonly byte[] Labels = [0, 0, 8, 1, 0, 0, 0, 2, 3, 1];

    public void Dispose() => _folder.Dispose();

    private static byte[] Zip(byte[] content)
    {
        using var target = new MemoryStream();
        using (var zip = new GZipStream(target, CompressionLevel.Fastest))
            zip.Write(content);
        return target.ToArray();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reads_plain_and_gzip(bool zipped)
    {
        string images = _folder.Write("images", zipped ? Zip(Images) : Images);
        string labels = _folder.Write("labels", zipped ? Zip(Labels) : Labels);
        using Dataset data = IdxFile.ReadDataset(images, labels, "small");
        Assert.Equal([1L, 2, 3], data.InputShape);
        Assert.Equal([3L, 1], data.LabelArray());
        Assert.Equal(["0", "1", "2", "3"], data.ClassNames);
        using LabelledBatch batch = data.Gather([0]);
        Assert.Equal([0, 0.2f, 0.4f, 0.6f, 0.8f, 1], batch.Inputs.data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Bad_files_are_named_with_the_reason()
    {
        (string Name, byte[] Content, string Reason)[] cases =
        [
            ("truncated", Images[..^1], "truncated: 11 of 12"),
            ("long", [.. Images, 7], "1 bytes too many"),
            ("garbage", "hello, world"u8.ToArray(), "not an IDX file"),
            ("empty", [], "not an IDX file"),
            ("header", Images[..9], "ends within its header"),
            ("floats", [0, 0, 0x0d, 3, .. Images[4..]], "type 0x0d"),
            ("labels", Labels, "1 dimensions"),
            ("huge", [0, 0, 8, 3, 0x7f, 255, 255, 255, 0x7f, 255, 255, 255, 0x7f, 255, 255, 255], "truncated"),
            ("negative", [0, 0, 8, 3, 0xff, 255, 255, 255, 0, 0, 0, 1, 0, 0, 0, 1], "size -1"),
            ("half.gz", Zip(Images)[..20], ""),
            ("noise.gz", [0x1f, 0x8b, 1, 2, 3, 4, 5], "gzip"),
        ];
        foreach ((string name, byte[] content, string reason) in cases)
        {
            string path = _folder.Write(name, content);
            var error = Assert.Throws<DataException>(() => IdxFile.ReadImages(path));
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Images_and_labels_must_be_as_many()
    {
        string images = _folder.Write("images", Images);
        string labels = _folder.Write("labels", [0, 0, 8, 1, 0, 0, 0, 1, 3]);
        Assert.Contains("1 labels for 2 images", Assert.Throws<DataException>(() => IdxFile.ReadDataset(images, labels, "small")).Message, StringComparison.Ordinal);
        Assert.Throws<DataException>(() => IdxFile.ReadLabels(_folder.File("absent")));
    }
}
