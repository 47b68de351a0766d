using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Tests.Models;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"weights-{Guid.NewGuid():n}.safetensors");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Every_type_comes_back_bit_for_bit_with_its_metadata()
    {
        torch.ScalarType[] types = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.@bool];
        KeyValuePair<string, Tensor>[] tensors = [.. types.Select(t => new KeyValuePair<string, Tensor>(t.ToString(), (torch.arange(6).reshape(2, 3) - 1).to(t)))];
        SafetensorsFile.Write(_path, [.. tensors, new("empty", torch.zeros(0, 3)), new("scalar", torch.tensor(2.5f))], new Dictionary<string, string> { ["a"] = "ü" });
        SafetensorsFile file = SafetensorsFile.Open(_path);
        foreach ((string name, Tensor tensor) in tensors)
        {
            Tensor loaded = file.Load(name);
            Assert.Equal(tensor.dtype, loaded.dtype);
            Assert.True(loaded.equal(tensor).all().item<bool>(), name);
        }

        Assert.Equal([0L, 3L], file.ShapeOf("empty"));
        Assert.Equal(2.5f, file.Load("scalar").item<float>());
        Assert.Equal("ü", file.Metadata["a"]);
    }

    [Fact]
    public void A_transposed_view_is_written_in_its_own_order_and_a_shorter_file_leaves_no_tail()
    {
        SafetensorsFile.Write(_path, [new("long", torch.zeros(1000))]);
        Tensor view = torch.arange(6, dtype: torch.float32).reshape(2, 3).t();
        SafetensorsFile.Write(_path, [new("view", view)]);
        Assert.True(SafetensorsFile.Open(_path).Load("view").equal(view).all().item<bool>());
        Assert.True(new FileInfo(_path).Length < 200);
    }

    [Fact]
    public void The_header_is_the_published_layout()
    {
        SafetensorsFile.Write(_path, [new("w", torch.tensor(new[] { 1f, 2f }))]);
        byte[] bytes = File.ReadAllBytes(_path);
        int length = (int)BitConverter.ToInt64(bytes);
        string header = System.Text.Encoding.UTF8.GetString(bytes, 8, length).TrimEnd();
        Assert.Equal("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", header);
        Assert.Equal(0, length % 8);
        Assert.Equal(1f, BitConverter.ToSingle(bytes, 8 + length));
        Assert.Equal(8 + length + 8, bytes.Length);
    }

    [Theory]
    [InlineData(4, "too few")]
    [InlineData(30, "claims a header")]
    [InlineData(70, "truncated")]
    public void A_truncated_file_is_refused(int keep, string problem)
    {
        SafetensorsFile.Write(_path, [new("w", torch.ones(4))]);
        File.WriteAllBytes(_path, File.ReadAllBytes(_path)[..keep]);
        Assert.Contains(problem, Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(_path)).Message);
    }

    [Fact]
    public void Garbage_is_refused()
    {
        File.WriteAllBytes(_path, [8, 0, 0, 0, 0, 0, 0, 0, .. "not json"u8]);
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(_path));
    }

    [Fact]
    public void A_smaller_tensor_is_never_broadcast_and_every_misfit_is_named()
    {
        using var small = torch.nn.Linear(1, 2);
        using var large = torch.nn.Sequential(("l", torch.nn.Linear(3, 2)));
        ModelWeights.Save(small, _path);
        using Tensor before = large.parameters().First().clone();
        CheckpointException error = Assert.Throws<CheckpointException>(() => ModelWeights.Load(large, _path));
        Assert.Contains("'l.weight' is missing", error.Message);
        Assert.Contains("'l.bias' is missing", error.Message);
        using var wide = torch.nn.Linear(3, 2);
        Assert.Contains("[2, 1] but the model's is [2, 3]", Assert.Throws<CheckpointException>(() => ModelWeights.Load(wide, _path)).Message);
        Assert.True(before.equal(large.parameters().First()).all().item<bool>());
    }
}
