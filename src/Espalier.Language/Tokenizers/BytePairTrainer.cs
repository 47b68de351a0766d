namespace Espalier.Language.Tokenizers;

/// <summary>
/// Learns the merges of byte-pair encoding. Each distinct piece is kept once with its count; a merge touches only the
/// pieces that hold its pair, whose counts are adjusted in place.
/// </summary>
internal static class BytePairTrainer
{
    private const int Bytes = 256;
    private const int FewestOccurrences = 2;

    public static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    /// <param name="pieces">The pieces of the texts, with repetition.</param>
    /// <param name="count">The largest number of merges.</param>
    /// <returns>The merges in order. Of equally frequent pairs the one with the smaller left token comes first, then with the smaller right one.</returns>
    public static List<(int Left, int Right)> Learn(IEnumerable<string> pieces, int count)
    {
        (List<int>[] words, int[] frequencies) = Distinct(pieces);
        var pairs = new Dictionary<long, long>();
        var holders = new Dictionary<long, HashSet<int>>();
        for (int w = 0; w < words.Length; w++)
        {
            for (int i = 0; i + 1 < words[w].Count; i++)
                Change(pairs, holders, Key(words[w][i], words[w][i + 1]), frequencies[w], w);
        }

        // Counts in the queue may be out of date; they are compared with the true ones when they come up.
        var queue = new PriorityQueue<long, (long Count, long Key)>(Comparer<(long Count, long Key)>.Create((a, b) => a.Count != b.Count ? b.Count.CompareTo(a.Count) : a.Key.CompareTo(b.Key)));
        foreach ((long key, long total) in pairs)
            queue.Enqueue(key, (total, key));
        var merges = new List<(int, int)>();
        while (merges.Count < count && queue.TryDequeue(out long key, out (long Count, long Key) priority))
        {
            if (pairs.GetValueOrDefault(key) != priority.Count)
                continue;
            if (priority.Count < FewestOccurrences)
                break;
            (int left, int right) = ((int)(key >> 32), (int)key);
            int merged = Bytes + merges.Count;
            merges.Add((left, right));
            var changed = new HashSet<long>();
            foreach (int w in holders[key])
                Merge(words[w], left, right, merged, (pair, sign) => Adjust(pair, sign * (long)frequencies[w], w));
            pairs.Remove(key);
            holders.Remove(key);
            foreach (long pair in changed.Where(p => pairs.GetValueOrDefault(p) > 0))
                queue.Enqueue(pair, (pairs[pair], pair));

            void Adjust(long pair, long by, int word)
            {
                if (pair == key)
                    return;
                Change(pairs, holders, pair, by, word);
                changed.Add(pair);
            }
        }

        return merges;
    }

    private static (List<int>[] Words, int[] Frequencies) Distinct(IEnumerable<string> pieces)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string piece in pieces)
            counts[piece] = counts.GetValueOrDefault(piece) + 1;
        return ([.. counts.Keys.Select(p => WideUtf8.Encode(p).Select(b => (int)b).ToList())], [.. counts.Values]);
    }

    private static void Change(Dictionary<long, long> pairs, Dictionary<long, HashSet<int>> holders, long pair, long by, int word)
    {
        pairs[pair] = pairs.GetValueOrDefault(pair) + by;
        if (by <= 0)
            return;
        if (!holders.TryGetValue(pair, out HashSet<int>? of))
            holders[pair] = of = [];
        of.Add(word);
    }

    /// <summary>Merges a pair throughout a word and tells which pairs of neighbours come and go.</summary>
    private static void Merge(List<int> word, int left, int right, int merged, Action<long, int> adjust)
    {
        int kept = 0;
        for (int i = 0; i < word.Count; i++)
        {
            if (word[i] != left || i + 1 >= word.Count || word[i + 1] != right)
            {
                word[kept++] = word[i];
                continue;
            }

            if (kept > 0)
            {
                adjust(Key(word[kept - 1], left), -1);
                adjust(Key(word[kept - 1], merged), 1);
            }

            if (i + 2 < word.Count)
            {
                adjust(Key(right, word[i + 2]), -1);
                adjust(Key(merged, word[i + 2]), 1);
            }

            word[kept++] = merged;
            i++;
        }

        word.RemoveRange(kept, word.Count - kept);
    }
}
