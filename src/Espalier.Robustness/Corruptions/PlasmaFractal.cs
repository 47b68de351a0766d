using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>Clouds by the diamond-square algorithm: midpoints displaced at random, at ever smaller scales.</summary>
internal static class PlasmaFractal
{
    /// <summary>A square map with values from 0 to 1 that continues across its borders.</summary>
    /// <param name="side">The least side; the map's is the next power of two.</param>
    /// <param name="decay">The larger, the smoother: the displacement falls by its square from scale to scale.</param>
    /// <param name="random">What is drawn from.</param>
    public static double[,] Draw(int side, double decay, ref SplitMix64 random)
    {
        int size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)side);
        double[,] map = new double[size, size];
        double displacement = 100 * 100;
        for (int step = size; step >= 2; step /= 2, displacement /= decay * decay)
        {
            int half = step / 2;
            for (int y = 0; y < size; y += step)
            {
                for (int x = 0; x < size; x += step)
                {
                    double corners = map[y, x] + map[y, (x + step) % size] + map[(y + step) % size, x] + map[(y + step) % size, (x + step) % size];
                    map[y + half, x + half] = (corners / 4) + random.NextBetween(-displacement, displacement);
                }
            }

            for (int y = 0; y < size; y += step)
            {
                for (int x = 0; x < size; x += step)
                {
                    int above = (y + size - half) % size, left = (x + size - half) % size;
                    double across = map[above, x + half] + map[y + half, x + half] + map[y, x] + map[y, (x + step) % size];
                    double down = map[y + half, left] + map[y + half, x + half] + map[y, x] + map[(y + step) % size, x];
                    map[y, x + half] = (across / 4) + random.NextBetween(-displacement, displacement);
                    map[y + half, x] = (down / 4) + random.NextBetween(-displacement, displacement);
                }
            }
        }

        Stretch(map);
        return map;
    }

    private static void Stretch(double[,] map)
    {
        double min = map.Cast<double>().Min(), range = map.Cast<double>().Max() - min;
        for (int y = 0; y < map.GetLength(0); y++)
        {
            for (int x = 0; x < map.GetLength(1); x++)
                map[y, x] = range > 0 ? (map[y, x] - min) / range : 0;
        }
    }
}
