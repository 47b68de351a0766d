using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Tests.Data;

namespace Espalier.Tests.Checkpoints;

/// <summary>Files that somebody damaged, by chance or on purpose: one typed error or a whole file, nothing else.</summary>
public sealed class SafetensorsMutationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _whole;

    public SafetensorsMutationTests()
    {
        string path = _folder.File("whole.safetensors");
        SafetensorsFile.Write(path, [new("a.weight", torch.arange(6, dtype: torch.float32).reshape(2, 3)), new("b", torch.tensor([1L, 2])), new("scalar", torch.tensor(0.5).to(torch.float16)), new("flags", torch.tensor([true, false]))]);
        _whole = File.ReadAllBytes(path);
    }

    private int HeaderLength => (int)BinaryPrimitives.ReadInt64LittleEndian(_whole);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Flipped_bytes() =>
        Gen.Select(Gen.Int[0, 8 + HeaderLength - 1], Gen.Byte).Array[1, 5].Sample(changes =>
        {
            byte[] changed = [.. _whole];
            foreach ((int at, byte value) in changes)
                changed[at] = value;
            IsWholeOrRefused(changed);
        }, iter: 1000, threads: 1);

    [Fact]
    public void Truncated_and_lengthened_files() =>
        Gen.Select(Gen.Int[0, _whole.Length - 1], Gen.Byte.Array[0, 40]).Sample((keep, tail) =>
            Assert.True(keep + tail.Length == _whole.Length || !Opens([.. _whole[..keep], .. tail])), iter: 1000, threads: 1);

    [Fact]
    public void Edited_numbers_of_the_header()
    {
        string header = Encoding.UTF8.GetString(_whole, 8, HeaderLength);
        long[] numbers = [-1, 0, 1, 2, 7, 24, 40, 1_000_000, int.MaxValue, uint.MaxValue, long.MaxValue, long.MinValue, 1L << 62];
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, numbers.Length - 1]).Array[1, 3].Sample(edits =>
        {
            string text = header;
            foreach ((int which, int number) in edits)
            {
                var matches = System.Text.RegularExpressions.Regex.Matches(text, @"(?<=[\[,])\d+(?=[\],])");
                var match = matches[which % matches.Count];
                text = text[..match.Index] + numbers[number] + text[(match.Index + match.Length)..];
            }

            IsWholeOrRefused(WithHeader(text));
        }, iter: 1000, threads: 1);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}""", 16, "belong to no tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "belong to no tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16, "unreadable header")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "impossible shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "unreadable header")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2305843009213693952],"data_offsets":[0,0]}}""", 0, "unreadable header")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "has offsets")]
    [InlineData("""{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}}""", 8, "has the type F4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", 8, "unreadable header")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8, "unreadable header")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,-9223372036854775808]}}""", 0, "has offsets")]
    [InlineData("""["a"]""", 0, "unreadable header")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "unreadable header")]
    public void Each_trick_is_refused_by_name(string header, int bytes, string problem)
    {
        string path = _folder.File("trick.safetensors");
        File.WriteAllBytes(path, [.. Header(header), .. new byte[bytes]]);
        Assert.Contains(problem, Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_beyond_the_limit_is_refused_before_it_is_read()
    {
        string path = _folder.File("long.safetensors");
        using (FileStream stream = File.Create(path))
        {
            byte[] length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, 100_000_001);
            stream.Write(length);
            stream.SetLength(100_000_100);
        }

        Assert.Contains("limit", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Written_read_and_written_again_it_is_the_same_file()
    {
        string path = _folder.File("again.safetensors");
        Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 8], Gen.Int[0, 4], Gen.Int[0, 9]).Array[0, 6].Sample(specs =>
        {
            torch.ScalarType[] types = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.@bool];
            using var scope = torch.NewDisposeScope();
            KeyValuePair<string, Tensor>[] tensors = [.. specs.DistinctBy(s => s.Item1).Select(s => new KeyValuePair<string, Tensor>(s.Item1, torch.randint(0, 2, [.. Enumerable.Range(0, s.Item2).Select(d => (long)d + 1)]).to(types[s.Item3])))];
            SafetensorsFile.Write(path, tensors, new Dictionary<string, string> { ["note"] = "é\"" });
            byte[] first = File.ReadAllBytes(path);
            SafetensorsFile file = SafetensorsFile.Open(path);
            SafetensorsFile.Write(path, [.. file.Names.Select(n => new KeyValuePair<string, Tensor>(n, file.Load(n)))], file.Metadata);
            Assert.Equal(first, File.ReadAllBytes(path));
        }, iter: 100, threads: 1);
    }

    private void IsWholeOrRefused(byte[] bytes) => Opens(bytes);

    // Opens and loads everything, or is refused: any other exception fails the test.
    private bool Opens(byte[] bytes)
    {
        string path = _folder.File($"{Guid.NewGuid():n}.safetensors");
        File.WriteAllBytes(path, bytes);
        try
        {
            SafetensorsFile file = SafetensorsFile.Open(path);
            long loaded = 0;
            foreach (string name in file.Names)
            {
                using Tensor tensor = file.Load(name);
                loaded += tensor.numel() * tensor.ElementSize;
            }

            Assert.Equal(bytes.Length - 8 - BinaryPrimitives.ReadInt64LittleEndian(bytes), loaded);
            return true;
        }
        catch (CheckpointException)
        {
            return false;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private byte[] WithHeader(string header) => [.. Header(header), .. _whole[(8 + HeaderLength)..]];

    private static byte[] Header(string header)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        return [.. length, .. text];
    }
}
