namespace Espalier.Networks.Layers;

/// <summary>Shares out loops over the images of a batch among as many threads as libtorch uses.</summary>
internal static class SpatialWork
{
    // Fewer values are done sooner than a second thread is awake.
    private const long LeastForThreads = 1 << 18;

    /// <summary>Does items 0 to count - 1, in ranges.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="valuesPerItem">How many values each touches.</param>
    /// <param name="range">Does a range: its first item and how many it has.</param>
    public static void For(int count, long valuesPerItem, Action<int, int> range)
    {
        int threads = count * valuesPerItem < LeastForThreads ? 1 : Math.Min(torch.get_num_threads(), count);
        if (threads <= 1)
        {
            range(0, count);
            return;
        }

        int each = (count + threads - 1) / threads;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, t =>
        {
            int first = t * each;
            if (first < count)
                range(first, Math.Min(each, count - first));
        });
    }
}
