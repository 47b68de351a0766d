using System.IO.Compression;
using System.Text;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Tests.Data;

namespace Espalier.Tests.Files;

public sealed class NpyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Headers as numpy 1.24 writes them.
    private static byte[] Numpy(string header, byte[] values, int padded = 118, byte major = 1)
    {
        byte[] length = major == 1 ? BitConverter.GetBytes((ushort)padded) : BitConverter.GetBytes((uint)padded);
        return [0x93, .. "NUMPY"u8, major, 0, .. length, .. Encoding.ASCII.GetBytes(header.PadRight(padded - 1) + "\n"), .. values];
    }

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private NpyArray Read(byte[] content) => NpyArray.Read(_folder.Write("a.npy", content));

    [Fact]
    public void Fortran_order_becomes_row_major()
    {
        // numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4)) stores element [i, j, k] at i + 2 j + 6 k.
        float[] stored = new float[24];
        for (int i = 0; i < 24; i++)
            stored[(i / 12) + (2 * (i / 4 % 3)) + (6 * (i % 4))] = i;
        NpyArray array = Read(Numpy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 4), }", Floats(stored)));
        Assert.Equal([2L, 3, 4], array.Shape);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (double)i), array.ToDoubles());
    }

    [Fact]
    public void Numpys_variants_are_read()
    {
        Assert.Equal([1L, -2, 300], Read(Numpy("{'descr': '>i2', 'fortran_order': False, 'shape': (3,), }", [0, 1, 255, 254, 1, 44])).ToLongs());
        NpyArray truth = Read(Numpy("{'descr': '|b1', 'fortran_order': False, 'shape': (1, 2), }", [1, 0], 116, major: 2));
        Assert.Equal((NpyType.Bool, 2), (truth.Type, truth.Count));
        using Tensor scalar = Read(Numpy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", BitConverter.GetBytes(2.5))).ToTensor();
        Assert.Equal((0L, 2.5), (scalar.dim(), scalar.item<double>()));
        using Tensor empty = Read(Numpy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }", [])).ToTensor();
        Assert.Equal([0L, 3], empty.shape);
        using Tensor wide = Read(Numpy("{'descr': '<u4', 'fortran_order': False, 'shape': (1,), }", [255, 255, 255, 255])).ToTensor();
        Assert.Equal(4294967295L, wide.item<long>());
        Assert.Throws<DataException>(() => Read(Numpy("{'descr': '<u8', 'fortran_order': False, 'shape': (1,), }", [255, 255, 255, 255, 255, 255, 255, 255])).ToTensor());
    }

    [Theory]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8)]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4)]
    [InlineData("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", 2)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 8)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807), }", 4)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 4)]
    [InlineData("{'descr': '<f4', 'shape': (1,), }", 4)]
    [InlineData("__import__('os').system('true')", 4)]
    public void What_is_no_plain_array_is_refused(string header, int bytes)
    {
        var error = Assert.Throws<CheckpointException>(() => Read(Numpy(header, new byte[bytes])));
        Assert.Contains("a.npy", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] whole = Numpy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", Floats(1, 2));
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<CheckpointException>(() => Read(whole[..length]));
        Assert.Throws<CheckpointException>(() => NpyArray.Read(_folder.File("absent.npy")));
    }

    [Fact]
    public void What_is_written_is_what_numpy_writes()
    {
        string path = _folder.File("b.npy");
        NpyArray.Of([1f, 2f, 3f], 3, 1).Write(path);
        Assert.Equal(Numpy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1), }", Floats(1, 2, 3)), File.ReadAllBytes(path));
        Assert.Throws<ShapeException>(() => NpyArray.Of([1.0, 2], 3));
    }

    [Fact]
    public void Tensors_come_back_bit_for_bit()
    {
        using var scope = torch.NewDisposeScope();
        Tensor[] tensors = [torch.randn(3, 4), torch.randn([2, 3], dtype: torch.float64).t(), torch.arange(5), torch.tensor(new byte[] { 1, 255 }), torch.tensor(new[] { true, false }), torch.zeros(0, 2)];
        string path = _folder.File("c.npz");
        NpzFile.Write(path, tensors.Select((t, i) => KeyValuePair.Create($"t{i}", NpyArray.Of(t))));
        byte[] once = File.ReadAllBytes(path);
        NpzFile file = NpzFile.Open(path);
        Assert.Equal(["t0", "t1", "t2", "t3", "t4", "t5"], file.Names);
        for (int i = 0; i < tensors.Length; i++)
        {
            Tensor back = file.Load($"t{i}").ToTensor();
            Assert.Equal((tensors[i].dtype, true), (back.dtype, back.Equals(tensors[i])));
        }

        NpzFile.Write(path, tensors.Select((t, i) => KeyValuePair.Create($"t{i}", NpyArray.Of(t))));
        Assert.Equal(once, File.ReadAllBytes(path));
        Assert.Contains("'t1'", Assert.Throws<CheckpointException>(() => file.Load("t11")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_of_something_else_is_refused()
    {
        Assert.Throws<CheckpointException>(() => NpzFile.Open(_folder.Write("d.npz", "no zip")));
        string path = _folder.File("e.npz");
        using (ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using var writer = new StreamWriter(archive.CreateEntry("data.pkl").Open());
            writer.Write("cos\nsystem\n");
        }

        Assert.Contains("data.pkl", Assert.Throws<CheckpointException>(() => NpzFile.Open(path)).Message, StringComparison.Ordinal);
        NpzFile.Write(path, [KeyValuePair.Create("a", NpyArray.Of([1.0, 2, 3]))]);
        byte[] damaged = File.ReadAllBytes(path);
        File.WriteAllBytes(path, damaged[..(damaged.Length / 2)]);
        Assert.Throws<CheckpointException>(() => NpzFile.Open(path));
    }

    [Fact]
    public void A_damaged_archive_is_refused_whatever_byte_is_hit()
    {
        string path = _folder.File("t.npz");
        NpzFile.Write(path, new Dictionary<string, NpyArray> { ["X"] = NpyArray.Of([1.0, 2, 3, 4], 2, 2), ["y"] = NpyArray.Of([0L, 1]) });
        byte[] whole = File.ReadAllBytes(path);
        double[] rows = NpzFile.Open(path).Load("X").ToDoubles();
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] hit = [.. whole];
            hit[at] ^= 0x55;
            string damaged = _folder.Write("d.npz", hit);
            try
            {
                // Dates, attributes and comments may be hit without harm; numbers may not change.
                NpzFile file = NpzFile.Open(damaged);
                if (file.Contains("X"))
                    Assert.Equal(rows, file.Load("X").ToDoubles());
            }
            catch (CheckpointException)
            {
                // Refused by its type.
            }
        }
    }
}
