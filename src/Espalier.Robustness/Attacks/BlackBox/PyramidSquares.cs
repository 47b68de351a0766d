using Espalier.Randomness;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// The L2 proposals (Andriushchenko et al. 2020, algorithm 3): the mass of a perturbation moves from one window to another,
/// where a pattern of two pyramids of opposite sign is added, and what is left of the budget goes there as well. In L1 the
/// mass is the sum of sizes in place of squares (Croce and Hein, "Mind the Box", ICML 2021).
/// </summary>
internal sealed class PyramidSquares(AttackedBatch batch, ActiveSamples active) : SquareProposal(batch, active)
{
    private const double Tiny = 1e-12;
    // Less than this is lost, and no perturbation is rounded out of the ball: bringing it back costs a bisection in L1.
    private const double Slack = 1e-6;
    private const int Tiles = 5;

    public override Tensor Start()
    {
        using var scope = torch.NewDisposeScope();
        (int height, int width) = (Math.Max(Height / Tiles, 1), Math.Max(Width / Tiles, 1));
        (int rows, int columns) = (Height / height, Width / width);
        (int top, int left) = ((Height - (rows * height)) / 2, (Width - (columns * width)) / 2);
        Tensor signs = Batch.Random(Active, 0).Signs(torch.empty([Active.Count, Channels, rows * columns, 1, 1], dtype: Batch.Clean.dtype, device: Batch.Clean.device));
        Tensor delta = torch.zeros([Active.Count, Channels, Height, Width], dtype: Batch.Clean.dtype, device: Batch.Clean.device);
        ExampleRandom turns = Batch.Random(Active, 0).Next();
        float[] isTurned = new float[Active.Count];
        for (int i = 0; i < isTurned.Length; i++)
            isTurned[i] = turns.Stream(i).Next() >> 63;
        Tensor turned = OnDevice(isTurned, Active.Count, 1, 1, 1);
        Tensor pattern = (Pattern(height, width, false) * (1 - turned)) + (Pattern(height, width, true) * turned);
        for (int tile = 0; tile < rows * columns; tile++)
            delta.narrow(2, top + (tile / columns * height), height).narrow(3, left + (tile % columns * width), width).add_(pattern * signs.select(2, tile));
        return Moved(delta * Batch.StartNoise).MoveToOuterDisposeScope();
    }

    public override Tensor Next(Tensor best, int iteration, double share)
    {
        int count = Active.Count;
        (int height, int width) = Window(share, least: 3, isOdd: true);
        int size = height * width;
        (long[] to, long[] from) = (new long[count], new long[count]);
        (float[] signs, float[] turns) = (new float[count * Channels], new float[count]);
        ExampleRandom random = Batch.Random(Active, iteration);
        for (int i = 0; i < count; i++)
        {
            SplitMix64 stream = random.Stream(i);
            (int top, int left) = Place(ref stream, (Height, Width), (height, width));
            (int fromTop, int fromLeft) = Place(ref stream, (Height, Width), (height, width));
            (to[i], from[i]) = ((top * Width) + left, (fromTop * Width) + fromLeft);
            turns[i] = stream.Next() >> 63;
            for (int c = 0; c < Channels; c++)
                signs[(i * Channels) + c] = Sign(ref stream);
        }

        long[] offsets = [.. Enumerable.Range(0, size).Select(k => (long)((k / width * Width) + (k % width)))];
        Tensor window = OnDevice(to, count, 1, 1) + OnDevice(offsets, 1, 1, size);
        Tensor emptied = OnDevice(from, count, 1, 1) + OnDevice(offsets, 1, 1, size);
        Tensor delta = Perturbation(best).flatten(2);

        Tensor mask = torch.zeros([count, 1, Height * Width], dtype: delta.dtype, device: delta.device);
        mask.scatter_(2, window, torch.ones_like(window).to(delta.dtype)).scatter_(2, emptied, torch.ones_like(emptied).to(delta.dtype));
        Tensor mass = Mass(delta * mask, [1, 2]);
        Tensor unused = (Math.Pow(Active.Region.Radius, Power) - Mass(delta, [1, 2])).clamp_min(0);

        Tensor turned = OnDevice(turns, count, 1, 1);
        Tensor pattern = (Pattern(height, width, false).view(1, 1, size) * (1 - turned)) + (Pattern(height, width, true).view(1, 1, size) * turned);
        Tensor windows = window.expand(count, Channels, size);
        Tensor old = delta.gather(2, windows);
        Tensor content = (pattern * OnDevice(signs, count, Channels, 1)) + (old / (Length(old, [2]) + Tiny));
        content = content / (Length(content, [2]) + Tiny) * (mass + (unused / Channels)).pow(1.0 / Power);
        Tensor moved = delta.scatter(2, emptied.expand(count, Channels, size), torch.zeros_like(content)).scatter(2, windows, content);
        return Moved(moved.view(count, Channels, Height, Width));
    }

    /// <summary>Two pyramids of opposite sign, one above the other or side by side, of length one, [height, width].</summary>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="isTurned">Side by side.</param>
    public static float[,] TwoPyramids(int height, int width, bool isTurned)
    {
        // In a single row they can only stand side by side.
        bool sideBySide = (isTurned || height == 1) && width > 1;
        float[,] pattern = new float[height, width];
        int half = (sideBySide ? width : height) / 2;
        if (half > 0)
            Add(pattern, 0, 0, sideBySide ? height : half, sideBySide ? half : width, 1);
        Add(pattern, sideBySide ? 0 : half, sideBySide ? half : 0, sideBySide ? height : height - half, sideBySide ? width - half : width, -1);
        Scale(pattern, 1 / Math.Sqrt(pattern.Cast<float>().Sum(v => (double)v * v)));
        return pattern;
    }

    // Nested rectangles around the middle, the k-th of weight 1/(k + 1)²; of length one.
    private static void Add(float[,] pattern, int top, int left, int height, int width, int sign)
    {
        double[,] pyramid = new double[height, width];
        double square = 0;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int nearest = Math.Max(Math.Abs(y - (height / 2)), Math.Abs(x - (width / 2)));
                for (int k = nearest; k <= Math.Max(height, width) / 2; k++)
                    pyramid[y, x] += 1.0 / ((k + 1) * (k + 1));
                square += pyramid[y, x] * pyramid[y, x];
            }
        }

        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                pattern[top + y, left + x] = (float)(sign * pyramid[y, x] / Math.Sqrt(square));
        }
    }

    private static void Scale(float[,] pattern, double factor)
    {
        for (int y = 0; y < pattern.GetLength(0); y++)
        {
            for (int x = 0; x < pattern.GetLength(1); x++)
                pattern[y, x] *= (float)factor;
        }
    }

    private Tensor Pattern(int height, int width, bool isTurned) => OnDevice([.. TwoPyramids(height, width, isTurned).Cast<float>()], 1, 1, height, width);

    private int Power => Batch.Norm == Norm.L1 ? 1 : 2;

    private Tensor Mass(Tensor delta, long[] over) => delta.abs().pow(Power).sum(over, keepdim: true);

    private Tensor Length(Tensor delta, long[] over) => Mass(delta, over).pow(1.0 / Power);

    // In units of the norm.
    private Tensor Perturbation(Tensor x)
    {
        Tensor delta = x - Active.Start;
        return AsImages(Batch.Scales is { } scales ? (delta / scales).masked_fill(scales.eq(0), 0) : delta);
    }

    private Tensor Moved(Tensor delta)
    {
        Tensor unit = delta / (Length(delta, [1, 2, 3]) + Tiny);
        Tensor move = (unit * (Active.Region.Radius * (1 - Slack))).view(Active.Start.shape);
        return Active.Region.Project(Active.Start + (Batch.Scales is { } scales ? move * scales : move));
    }
}
