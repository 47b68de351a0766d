using System.IO.Compression;
using System.Text;
using Espalier.Data.Images;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Tests.Data;

namespace Espalier.Tests.Files;

public sealed class GzipContentTests
{
    private static byte[] Packed(byte[] content, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, level, leaveOpen: true))
            zip.Write(content);
        return packed.ToArray();
    }

    private static byte[] Lines(int count) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, count).Select(i => $"{i * 7919 % 1009},{i % 3}\n")));

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        // Flushing at each line end makes what is cut there look like an end.
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (int i = 0; i < 40; i++)
            {
                zip.Write(Encoding.ASCII.GetBytes($"{i},x\n"));
                zip.Flush();
            }
        }

        byte[] whole = packed.ToArray();
        Assert.EndsWith("39,x\n", Encoding.ASCII.GetString(GzipContent.Unpack(whole, "t.gz")), StringComparison.Ordinal);
        for (int length = 2; length < whole.Length; length++)
            Assert.Contains("is not a whole gzip file", Assert.Throws<DataException>(() => GzipContent.Unpack(whole[..length], "t.gz")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CompressionLevel.Optimal)]
    [InlineData(CompressionLevel.NoCompression)]
    public void Several_members_are_one_file_and_an_empty_one_may_come_last(CompressionLevel level)
    {
        byte[] content = Lines(5000);
        byte[] two = [.. Packed(content, level), .. Packed(Lines(10), level)];
        Assert.Equal([.. content, .. Lines(10)], GzipContent.Unpack(two, "t.gz"));

        // The block that bgzip ends a file with.
        byte[] empty = Convert.FromHexString("1f8b08040000000000ff0600424302001b0003000000000000000000");
        Assert.Equal([.. content, .. Lines(10)], GzipContent.Unpack([.. two, .. empty], "t.gz"));
        Assert.Throws<DataException>(() => GzipContent.Unpack([.. two, .. empty[..^3]], "t.gz"));
    }

    [Fact]
    public void No_more_is_unpacked_than_is_expected()
    {
        byte[] bomb = Packed(new byte[1 << 24]);
        Assert.Contains("unpacks to more than 1,000 bytes", Assert.Throws<DataException>(() => GzipContent.Unpack(bomb, "t.gz", _ => 1000)).Message, StringComparison.Ordinal);

        // An IDX file says how large it is.
        using var folder = new TemporaryFolder();
        string path = folder.Write("images.gz", Packed([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, .. new byte[1 << 24]]));
        Assert.Contains("unpacks to more than", Assert.Throws<DataException>(() => IdxFile.ReadImages(path)).Message, StringComparison.Ordinal);
    }
}
