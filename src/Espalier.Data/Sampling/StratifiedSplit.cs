using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Data.Sampling;

/// <summary>
/// Cuts a data set into parts in which every class has its share, rounded by largest remainders: a pure function of
/// the labels, the shares and the seed.
/// </summary>
public static class StratifiedSplit
{
    /// <summary>Which samples go into which part.</summary>
    /// <param name="labels">The samples' labels.</param>
    /// <param name="shares">The parts' shares, each at least 0, summing to 1.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>One array per share, ascending; together every sample once.</returns>
    /// <exception cref="OptionsException">The shares are out of range.</exception>
    public static int[][] Parts(ReadOnlySpan<long> labels, IReadOnlyList<double> shares, int seed)
    {
        OptionsException.Require(shares.Count > 0 && shares.All(s => s >= 0) && Math.Abs(shares.Sum() - 1) < 1e-9, nameof(shares), string.Join(", ", shares), "must be 0 or more and sum to 1");
        List<int>[] parts = [.. shares.Select(_ => new List<int>())];
        foreach ((long label, List<int> members) in ByClass(labels))
        {
            int[] order = [.. members];
            var random = new SplitMix64(seed, label);
            random.Shuffle(order);
            int[] sizes = LargestRemainders([.. shares.Select(s => s * order.Length)], order.Length);
            int start = 0;
            for (int p = 0; p < sizes.Length; start += sizes[p++])
                parts[p].AddRange(order.AsSpan(start, sizes[p]));
        }

        return [.. parts.Select(p => p.Order().ToArray())];
    }

    /// <summary>Some of the samples, every class with its share.</summary>
    /// <param name="labels">The samples' labels.</param>
    /// <param name="count">How many samples to take; all where there are not more.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>Ascending indices.</returns>
    public static int[] Sample(ReadOnlySpan<long> labels, int count, int seed)
    {
        OptionsException.Require(count >= 1, nameof(count), count, "must be at least 1");
        if (count >= labels.Length)
            return [.. Enumerable.Range(0, labels.Length)];
        SortedDictionary<long, List<int>> classes = ByClass(labels);
        double kept = (double)count / labels.Length;
        int[] sizes = LargestRemainders([.. classes.Values.Select(m => m.Count * kept)], count);
        var taken = new List<int>(count);
        foreach (((long label, List<int> members), int size) in classes.Zip(sizes))
        {
            int[] order = [.. members];
            var random = new SplitMix64(seed, label);
            random.Shuffle(order);
            taken.AddRange(order.AsSpan(0, size));
        }

        return [.. taken.Order()];
    }

    /// <summary>Cuts a data set in three; it stays the caller's, the parts have memory of their own.</summary>
    /// <param name="data">The data set.</param>
    /// <param name="validation">Validation's share, in (0, 1).</param>
    /// <param name="test">The test part's share, in (0, 1); the rest is for training.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="DataException">There are too few samples for one part.</exception>
    public static DatasetSplits Of(Dataset data, double validation, double test, int seed)
    {
        int[][] parts = Parts(data.LabelArray(), [1 - validation - test, validation, test], seed);
        return new DatasetSplits(Part(data, parts[0], "train"), Part(data, parts[1], "validation"), Part(data, parts[2], "test"));
    }

    /// <summary>Trains on the first samples and draws the validation part from the rest.</summary>
    internal static DatasetSplits First(Dataset pool, Dataset test, int count, double validation, int seed)
    {
        long[] labels = pool.LabelArray();
        OptionsException.Require(count < labels.Length, "trainFirst", count, $"must leave some of the {labels.Length} samples for validation");
        bool isByClass = labels.SequenceEqual(labels.Order());
        int[] classes = isByClass ? LargestRemainders([.. ByClass(labels).Values.Select(m => (double)count * m.Count / labels.Length)], count) : [];
        HashSet<int> first = [.. isByClass ? ByClass(labels).Values.Zip(classes).SelectMany(c => c.First.Take(c.Second)) : Enumerable.Range(0, count)];
        int[] rest = [.. Enumerable.Range(0, labels.Length).Where(i => !first.Contains(i))];
        int[] drawn = Sample([.. rest.Select(i => labels[i])], Math.Max(1, (int)Math.Round(validation * rest.Length)), seed);
        return new DatasetSplits(Part(pool, [.. first.Order()], "train"), Part(pool, [.. drawn.Select(i => rest[i])], "validation"), test);
    }

    internal static Dataset Part(Dataset data, int[] indices, string part) => indices.Length > 0
        ? data.Subset(indices, $"{data.Name}/{part}")
        : throw new DataException(data.Name, $"{data.Count} samples leave none for {part}", "give more samples or larger fractions");

    private static SortedDictionary<long, List<int>> ByClass(ReadOnlySpan<long> labels)
    {
        var classes = new SortedDictionary<long, List<int>>();
        for (int i = 0; i < labels.Length; i++)
        {
            if (!classes.TryGetValue(labels[i], out List<int>? members))
                classes[labels[i]] = members = [];
            members.Add(i);
        }

        return classes;
    }

    private static int[] LargestRemainders(double[] quotas, int total)
    {
        // A quota such as 0.15 * 20 must count as 3, not as 2.9999999999999996.
        int[] sizes = [.. quotas.Select(q => (int)Math.Floor(q + 1e-9))];
        int left = total - sizes.Sum();
        foreach (int i in Enumerable.Range(0, sizes.Length).OrderByDescending(i => Math.Round(quotas[i] - sizes[i], 9)).Take(left))
            sizes[i]++;
        return sizes;
    }
}
