using Espalier.Data;
using Espalier.Errors;

namespace Espalier.Tests.Data;

public sealed class DatasetTests
{
    [Fact]
    public void Bytes_are_scaled_as_they_are_gathered()
    {
        using Dataset data = new("bytes", torch.tensor(new byte[] { 0, 51, 102, 255 }).view(4, 1, 1, 1), torch.tensor(new long[] { 0, 1, 0, 1 }), ["a", "b"], scale: 1 / 255.0);
        using LabelledBatch batch = data.Gather([3, 1, 1]);
        Assert.Equal([3L, 1, 1, 1], batch.Inputs.shape);
        Assert.Equal(torch.float32, batch.Inputs.dtype);
        float[] values = batch.Inputs.data<float>().ToArray();
        Assert.Equal(1f, values[0], 6);
        Assert.Equal(0.2f, values[1], 6);
        Assert.Equal([1L, 1, 1], batch.Labels.data<long>().ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_transposed_input_is_gathered_by_its_rows(bool asDouble)
    {
        Tensor columns = torch.tensor(new float[] { 1, 2, 3, 4, 5, 6 }, asDouble ? torch.float64 : torch.float32).view(2, 3);
        using Dataset data = new("t", columns.t(), torch.zeros(3, dtype: torch.int64), ["a"]);
        using LabelledBatch batch = data.Gather([2, 0]);
        using Tensor gathered = batch.Inputs.to(torch.float64);
        Assert.Equal(asDouble ? torch.float64 : torch.float32, batch.Inputs.dtype);
        Assert.Equal([3.0, 6, 1, 4], gathered.data<double>().ToArray());
    }

    [Fact]
    public void A_subset_keeps_its_own_memory()
    {
        Dataset data = new("d", torch.arange(6, dtype: torch.float32).view(3, 2), torch.tensor(new long[] { 0, 1, 2 }), ["a", "b", "c"]);
        using Dataset subset = data.Subset([2, 0], "part");
        data.Dispose();
        using LabelledBatch all = subset.All();
        Assert.Equal([4f, 5f, 0f, 1f], all.Inputs.data<float>().ToArray());
        Assert.Equal([2L, 0], subset.LabelArray());
        Assert.Equal("part", subset.Name);
    }

    [Fact]
    public void Bad_samples_are_named()
    {
        Assert.Contains("sample 1", Assert.Throws<DataException>(() => new Dataset("d", torch.tensor(new[] { 0f, float.NaN }).view(2, 1), torch.zeros(2, dtype: torch.int64), ["a"])).Message, StringComparison.Ordinal);
        Assert.Contains("label 2 of sample 0", Assert.Throws<DataException>(() => new Dataset("d", torch.zeros(1, 1), torch.tensor(new long[] { 2 }), ["a"])).Message, StringComparison.Ordinal);
        Assert.Contains("no samples", Assert.Throws<DataException>(() => new Dataset("d", torch.zeros(0, 1), torch.zeros(0, dtype: torch.int64), ["a"])).Message, StringComparison.Ordinal);
    }
}
