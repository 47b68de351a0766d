namespace Espalier.Search;

/// <summary>
/// Comparing by several objectives at once, each to be made small. An item <em>dominates</em> another if it is worse in
/// no objective and better in one. Source: Deb, Pratap, Agarwal, Meyarivan, "A Fast and Elitist Multiobjective Genetic
/// Algorithm: NSGA-II", IEEE Transactions on Evolutionary Computation 6(2), 2002, section III.
/// </summary>
public static class ParetoFront
{
    /// <summary>Whether one vector of objectives dominates another.</summary>
    /// <param name="first">The objectives of one, all finite.</param>
    /// <param name="second">As many of the other.</param>
    /// <exception cref="ArgumentException">The two differ in length.</exception>
    public static bool Dominates(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count != second.Count)
            throw new ArgumentException($"{first.Count} and {second.Count} objectives cannot be compared");
        bool isBetter = false;
        for (int m = 0; m < first.Count; m++)
        {
            if (first[m] > second[m])
                return false;
            isBetter |= first[m] < second[m];
        }

        return isBetter;
    }

    /// <summary>
    /// Splits items into fronts: the first holds those that nothing dominates, the next those that only the first
    /// dominates, and so on. The fast non-dominated sort, O(objectives · items²).
    /// </summary>
    /// <param name="objectives">[items][objectives], finite.</param>
    /// <returns>The positions of the items, front by front, ascending within each; empty for no items.</returns>
    /// <exception cref="ArgumentException">The items differ in their number of objectives.</exception>
    public static IReadOnlyList<IReadOnlyList<int>> NonDominatedSort(IReadOnlyList<IReadOnlyList<double>> objectives)
    {
        int count = objectives.Count;
        var dominated = new List<int>[count];
        int[] dominators = new int[count];
        for (int p = 0; p < count; p++)
            dominated[p] = [];
        for (int p = 0; p < count; p++)
        {
            for (int q = p + 1; q < count; q++)
            {
                if (Dominates(objectives[p], objectives[q]))
                    Note(p, q);
                else if (Dominates(objectives[q], objectives[p]))
                    Note(q, p);
            }
        }

        var fronts = new List<IReadOnlyList<int>>();
        int[] front = [.. Enumerable.Range(0, count).Where(p => dominators[p] == 0)];
        while (front.Length > 0)
        {
            fronts.Add(front);
            var next = new List<int>();
            foreach (int q in front.SelectMany(p => dominated[p]))
            {
                if (--dominators[q] == 0)
                    next.Add(q);
            }

            front = [.. next.Order()];
        }

        return fronts;

        void Note(int better, int worse)
        {
            dominated[better].Add(worse);
            dominators[worse]++;
        }
    }

    /// <summary>
    /// How much room each item of a front has: the sum over the objectives of the distance between its two neighbours,
    /// as a share of the front's range. The ends of an objective have infinitely much. An objective in which all are
    /// equal adds nothing. Of items with equal objectives the first has the room, the others none, so that copies do not
    /// crowd out what differs.
    /// </summary>
    /// <param name="front">[items][objectives], finite.</param>
    /// <returns>One distance per item, in [0, +infinity].</returns>
    public static double[] CrowdingDistance(IReadOnlyList<IReadOnlyList<double>> front)
    {
        double[] distances = new double[front.Count];
        int[] distinct = FirstOfEqual(front);
        if (distinct.Length == 1)
            distances[distinct[0]] = double.PositiveInfinity;
        for (int m = 0; distinct.Length > 1 && m < front[0].Count; m++)
        {
            int[] sorted = [.. distinct.OrderBy(i => front[i][m])];
            double range = front[sorted[^1]][m] - front[sorted[0]][m];
            if (range == 0)
                continue;
            distances[sorted[0]] = distances[sorted[^1]] = double.PositiveInfinity;
            for (int k = 1; k < sorted.Length - 1; k++)
                distances[sorted[k]] += (front[sorted[k + 1]][m] - front[sorted[k - 1]][m]) / range;
        }

        return distances;
    }

    private static int[] FirstOfEqual(IReadOnlyList<IReadOnlyList<double>> front)
    {
        var first = new List<int>();
        for (int i = 0; i < front.Count; i++)
        {
            if (!first.Exists(j => front[j].SequenceEqual(front[i])))
                first.Add(i);
        }

        return [.. first];
    }
}
