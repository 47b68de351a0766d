using Espalier.Data;
using Espalier.Data.Sampling;
using Espalier.Errors;

namespace Espalier.Tests.Data;

public sealed class PrefetchingLoaderTests
{
    private static Dataset Numbers(int count) => new("numbers",
        torch.arange(count, dtype: torch.float32).view(count, 1), torch.zeros(count, dtype: torch.int64), ["all"]);

    private static PrefetchingLoader<LabelledBatch> Loader(Dataset data, IEnumerable<IReadOnlyList<int>> batches, int ahead = 2) => new(data.Name, batches.Select(data.Gather), ahead);

    private static float[] Values(LabelledBatch batch) => batch.Inputs.data<float>().ToArray();

    [Fact]
    public void Batches_come_in_order_and_outlive_scopes()
    {
        using Dataset data = Numbers(10);
        using var loader = Loader(data, [[0, 1], [9], [3, 3, 2]]);
        var batches = new List<LabelledBatch>();
        using (torch.NewDisposeScope())
            batches.AddRange(loader);
        Assert.Equal([[0f, 1f], [9f], [3f, 3f, 2f]], batches.Select(Values));
        batches.ForEach(b => b.Dispose());
    }

    [Fact]
    public void An_exception_of_the_thread_reaches_the_consumer_after_the_good_batches()
    {
        using Dataset data = Numbers(4);
        using var loader = Loader(data, [[0], [1], [4], [2]], ahead: 1);
        var seen = new List<float>();
        var error = Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            foreach (LabelledBatch batch in loader)
            {
                using (batch)
                    seen.AddRange(Values(batch));
            }
        });
        Assert.Contains("samples 0 to 3", error.Message, StringComparison.Ordinal);
        Assert.Equal([0f, 1f], seen);
    }

    [Fact]
    public void Disposing_stops_an_endless_source()
    {
        using Dataset data = Numbers(8);
        int asked = 0;
        IEnumerable<IReadOnlyList<int>> Endless()
        {
            while (true)
            {
                Interlocked.Increment(ref asked);
                yield return [1, 2];
            }
        }

        var loader = Loader(data, Endless(), ahead: 3);
        loader.First().Dispose();
        loader.Dispose();
        Assert.InRange(asked, 1, 6); // Disposing waits for the thread, so nobody asks from here on.
        Assert.Throws<ObjectDisposedException>(() => loader.First());
    }

    [Fact]
    public void Ahead_must_be_positive()
    {
        using Dataset data = Numbers(2);
        Assert.Throws<OptionsException>(() => Loader(data, [[0]], ahead: 0));
    }
}
