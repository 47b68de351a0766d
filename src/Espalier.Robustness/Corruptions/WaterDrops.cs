namespace Espalier.Robustness.Corruptions;

/// <summary>
/// The light on drops of water, as ImageNet-C's spatter draws it: the distance from the drops' outlines, equalised and
/// embossed. The outline is that of the drops themselves, where the published script asks Canny's edge detector for it.
/// </summary>
internal static class WaterDrops
{
    private const float Farthest = 20;

    private static readonly float[,] Mean = { { 1 / 9f, 1 / 9f, 1 / 9f }, { 1 / 9f, 1 / 9f, 1 / 9f }, { 1 / 9f, 1 / 9f, 1 / 9f } };
    private static readonly float[,] Emboss = { { -2, -1, 0 }, { -1, 1, 1 }, { 0, 1, 2 } };

    // Borgefors' 5x5 chamfer: the steps of the forward pass; the backward pass takes their opposites.
    private static readonly (int Y, int X, float Length)[] Steps =
        [(0, -1, 1), (-1, 0, 1), (-1, -1, 1.4f), (-1, 1, 1.4f), (-1, -2, 2.1969f), (-1, 2, 2.1969f), (-2, -1, 2.1969f), (-2, 1, 2.1969f)];

    /// <summary>How bright each pixel is made, in [0, <paramref name="strength"/>].</summary>
    /// <param name="liquid">[height, width], 0 where there is no drop.</param>
    /// <param name="size">Of one channel.</param>
    /// <param name="strength">The brightest.</param>
    public static float[] Lit(float[] liquid, ImageSize size, double strength)
    {
        float[] light = OutlineDistance(liquid, size);
        PlaneFilter.Correlate(light, size, Mean, Border.Mirror);
        Equalize(light);
        PlaneFilter.Correlate(light, size, Emboss, Border.Mirror);
        foreach (ref float value in light.AsSpan())
            value = Math.Clamp(value, 0, 255);
        PlaneFilter.Correlate(light, size, Mean, Border.Mirror);
        for (int i = 0; i < light.Length; i++)
            light[i] *= liquid[i];
        float brightest = light.Max();
        return brightest > 0 ? [.. light.Select(value => (float)(value / brightest * strength))] : light;
    }

    private static float[] OutlineDistance(float[] liquid, ImageSize size)
    {
        float[] distance = new float[size.Plane];
        for (int i = 0; i < distance.Length; i++)
            distance[i] = IsOutline(liquid, size, i / size.Width, i % size.Width) ? 0 : Farthest;
        for (int i = 0; i < distance.Length; i++)
            distance[i] = Nearer(distance, size, i, 1);
        for (int i = distance.Length - 1; i >= 0; i--)
            distance[i] = Nearer(distance, size, i, -1);
        return distance;
    }

    private static bool IsOutline(float[] liquid, ImageSize size, int y, int x)
    {
        bool IsDry(int atY, int atX) => (uint)atY < (uint)size.Height && (uint)atX < (uint)size.Width && liquid[(atY * size.Width) + atX] == 0;
        return !IsDry(y, x) && (IsDry(y - 1, x) || IsDry(y + 1, x) || IsDry(y, x - 1) || IsDry(y, x + 1));
    }

    private static float Nearer(float[] distance, ImageSize size, int at, int direction)
    {
        (int y, int x) = (at / size.Width, at % size.Width);
        float least = distance[at];
        foreach ((int stepY, int stepX, float length) in Steps)
        {
            (int fromY, int fromX) = (y + (direction * stepY), x + (direction * stepX));
            if ((uint)fromY < (uint)size.Height && (uint)fromX < (uint)size.Width)
                least = Math.Min(least, distance[(fromY * size.Width) + fromX] + length);
        }

        return least;
    }

    // To whole numbers, spread so that each of 256 levels is as frequent.
    private static void Equalize(Span<float> plane)
    {
        int[] below = new int[256];
        foreach (float value in plane)
            below[(int)value]++;
        for (int level = 1; level < below.Length; level++)
            below[level] += below[level - 1];
        int first = below.First(count => count > 0);
        foreach (ref float value in plane)
            value = plane.Length == first ? (int)value : MathF.Round((below[(int)value] - first) * 255f / (plane.Length - first));
    }
}
