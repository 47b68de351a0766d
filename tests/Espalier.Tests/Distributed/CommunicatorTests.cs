using Espalier.Communication;

namespace Espalier.Tests.Distributed;

public sealed class CommunicatorTests
{
    [Fact]
    public async Task A_job_of_one_process_leaves_all_values_as_they_are()
    {
        SingleProcess one = SingleProcess.Instance;
        using Tensor values = torch.arange(3, dtype: torch.float32);
        one.Sum(values);
        await one.BeginSum(values);
        one.Broadcast(values);
        double[] numbers = [1, 2];
        one.Sum(numbers);
        one.Barrier();
        Assert.Equal([0f, 1f, 2f], values.data<float>().ToArray());
        Assert.Equal([1.0, 2.0], numbers);
        Assert.Equal([7, 8], Assert.Single(one.Gather([7, 8])));
        Assert.Equal((0, 1), (one.Rank, one.Size));
    }

    [Fact]
    public void Ranks_that_are_threads_add_up_broadcast_and_gather()
    {
        string[] results = ThreadRanks.Run(3, c =>
        {
            using Tensor floats = torch.full([2, 2], c.Rank + 0.5f);
            using Tensor integers = torch.full([2], (long)c.Rank);
            c.Sum(floats);
            c.BeginSum(integers).GetAwaiter().GetResult();
            double[] numbers = [c.Rank, 1];
            c.Sum(numbers);
            using Tensor root = torch.full([2], (double)c.Rank);
            c.Broadcast(root, 2);
            return $"{floats[1, 1].ToSingle()} {integers[0].ToInt64()} {string.Join(',', numbers)} {root[1].ToDouble()} {string.Join(',', c.Gather(new byte[c.Rank]).Select(b => b.Length))}";
        });
        Assert.All(results, r => Assert.Equal("4.5 3 3,3 2 0,1,2", r));
    }
}
