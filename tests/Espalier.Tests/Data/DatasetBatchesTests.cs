using Espalier.Data;
using Espalier.Errors;

namespace Espalier.Tests.Data;

public sealed class DatasetBatchesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(null)]
    public void Batches_are_all_samples_in_order(int? size)
    {
        using Dataset data = Bytes(100, 3, 4, 4);
        using var scope = torch.NewDisposeScope();
        Tensor whole = data.All().Inputs;
        var seen = new List<Tensor>();
        foreach (LabelledBatch batch in data.Batches(size))
        {
            Assert.InRange(batch.Count, 1, size ?? 100);
            seen.Add(batch.Inputs.clone());
        }

        Assert.True(torch.cat(seen).equal(whole).all().item<bool>());
        Assert.Throws<OptionsException>(() => data.Batches(0).First());
    }

    /// <summary>Images as bytes would be four times as large as numbers: no more than a batch of them is at a time.</summary>
    [Fact]
    public void Answers_hold_one_batch_of_numbers_at_a_time()
    {
        using Dataset data = Bytes(1500, 3, 160, 160);
        long largest = 0;
        using var scope = torch.NewDisposeScope();
        Tensor answers = DatasetAnswers.Of(data, x =>
        {
            largest = Math.Max(largest, x.numel());
            return x.flatten(1).mean([1L]);
        });
        Assert.Equal(1500, answers.shape[0]);
        Assert.InRange(largest * sizeof(float), 1, 128L << 20);
        Assert.Equal(data.Gather([1499]).Inputs.mean().ToDouble(), answers[1499].ToDouble(), 1e-6);
    }

    private static Dataset Bytes(int count, params long[] shape)
    {
        using var generator = new torch.Generator(4);
        Tensor images = torch.randint(0, 256, [count, .. shape], dtype: torch.uint8, generator: generator);
        return new Dataset("bytes", images, torch.zeros(count, dtype: torch.int64), ["a", "b"], scale: 1 / 255.0);
    }
}
