namespace Espalier.Search;

/// <summary>
/// The volume that a set of points dominates, down from a reference point: larger is better, and a set that dominates
/// another has the larger one. Source: Zitzler and Thiele, "Multiobjective Evolutionary Algorithms: A Comparative Case
/// Study and the Strength Pareto Approach", IEEE Transactions on Evolutionary Computation 3(4), 1999.
/// </summary>
public static class Hypervolume
{
    /// <summary>
    /// The exact volume, by slicing one objective after the other: O(n log n) for two objectives, and about n times as
    /// much for each further one.
    /// </summary>
    /// <param name="points">[points][objectives], all to be made small, finite; they may dominate one another.</param>
    /// <param name="reference">
    /// One value per objective, worse than any of interest; points that are not better than it in every objective add nothing.
    /// </param>
    /// <exception cref="ArgumentException">A point has another number of objectives, or there is none.</exception>
    public static double Of(IReadOnlyList<IReadOnlyList<double>> points, IReadOnlyList<double> reference)
    {
        if (reference.Count == 0 || points.Any(p => p.Count != reference.Count))
            throw new ArgumentException($"every point needs as many objectives as the reference point, which has {reference.Count}, and at least 1");
        return Slice([.. points.Where(p => p.Zip(reference, (value, limit) => value < limit).All(inside => inside))], reference, reference.Count);
    }

    /// <summary>The volume in the first objectives only.</summary>
    private static double Slice(IReadOnlyList<double>[] points, IReadOnlyList<double> reference, int objectives)
    {
        int last = objectives - 1;
        if (points.Length == 0)
            return 0;
        if (objectives == 1)
            return reference[0] - points.Min(p => p[0]);
        IReadOnlyList<double>[] sorted = [.. points.OrderBy(p => p[last])];
        if (objectives == 2)
            return Sweep(sorted, reference);
        double volume = 0;
        for (int k = 0; k < sorted.Length; k++)
        {
            double depth = (k + 1 < sorted.Length ? sorted[k + 1][last] : reference[last]) - sorted[k][last];
            if (depth > 0)
                volume += depth * Slice(sorted[..(k + 1)], reference, last);
        }

        return volume;
    }

    private static double Sweep(IReadOnlyList<double>[] sorted, IReadOnlyList<double> reference)
    {
        double area = 0;
        double reached = reference[0];
        foreach (IReadOnlyList<double> point in sorted.Where(p => p[0] < reference[0]))
        {
            if (point[0] >= reached)
                continue;
            area += (reached - point[0]) * (reference[1] - point[1]);
            reached = point[0];
        }

        return area;
    }
}
