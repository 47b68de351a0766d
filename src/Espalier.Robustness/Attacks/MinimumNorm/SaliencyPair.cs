namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// The pair of features of greatest saliency -(Σ ∂z_t)(Σ ∂z_others) with ∂z_t rising and ∂z_others falling. Without all
/// d² pairs: if one feature of the best pair were beaten in both derivatives by a third, that one would make a better
/// pair. So each is beaten by no other feature, but perhaps by its partner: both lie in the first two Pareto layers.
/// </summary>
internal static class SaliencyPair
{
    /// <param name="wanted">∂z_t per feature.</param>
    /// <param name="others">Σ_{j≠t} ∂z_j per feature.</param>
    /// <param name="mayMove">Which features may be chosen.</param>
    /// <param name="sign">1 where features are raised, -1 where they are lowered.</param>
    /// <returns>Two features, or null where no pair helps.</returns>
    public static (int First, int Second)? Best(ReadOnlySpan<float> wanted, ReadOnlySpan<float> others, ReadOnlySpan<bool> mayMove, int sign)
    {
        var points = new List<(double Gain, double Relief, int Feature)>();
        for (int i = 0; i < wanted.Length; i++)
        {
            if (mayMove[i])
                points.Add((sign * (double)wanted[i], -sign * (double)others[i], i));
        }

        points.Sort((p, q) => p.Gain != q.Gain ? q.Gain.CompareTo(p.Gain) : p.Relief != q.Relief ? q.Relief.CompareTo(p.Relief) : p.Feature.CompareTo(q.Feature));
        List<(double Gain, double Relief, int Feature)> layers = [.. TakeLayer(points), .. TakeLayer(points)];
        double best = 0;
        (int, int)? pair = null;
        for (int p = 0; p < layers.Count; p++)
        {
            for (int q = p + 1; q < layers.Count; q++)
            {
                double gain = layers[p].Gain + layers[q].Gain;
                double relief = layers[p].Relief + layers[q].Relief;
                if (gain > 0 && relief > 0 && gain * relief > best)
                {
                    best = gain * relief;
                    pair = (layers[p].Feature, layers[q].Feature);
                }
            }
        }

        return pair;
    }

    /// <summary>Takes away the points that no other beats in both; they are sorted by falling gain.</summary>
    private static List<(double Gain, double Relief, int Feature)> TakeLayer(List<(double Gain, double Relief, int Feature)> points)
    {
        var layer = new List<(double Gain, double Relief, int Feature)>();
        var rest = new List<(double Gain, double Relief, int Feature)>();
        double most = double.NegativeInfinity;
        foreach ((double Gain, double Relief, int Feature) point in points)
        {
            (point.Relief > most ? layer : rest).Add(point);
            most = Math.Max(most, point.Relief);
        }

        points.Clear();
        points.AddRange(rest);
        return layer;
    }
}
