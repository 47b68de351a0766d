using Espalier.Randomness;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// The L-inf proposals (Andriushchenko et al. 2020, algorithm 2): vertical stripes at the start; then a square moves by
/// ±2ε, one sign per channel, so that it ends at the ball's surface. Signs that would leave an input as it is are drawn again,
/// as in the authors' code: that query would be wasted.
/// </summary>
internal sealed class SignSquares(AttackedBatch batch, ActiveSamples active) : SquareProposal(batch, active)
{
    private readonly Tensor _rows = torch.arange(0, batch.Clean.numel(), device: batch.Clean.device);

    public override Tensor Start()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = AsImages(Active.Start);
        Tensor stripes = Batch.Random(Active, 0).Signs(images.narrow(2, 0, 1)).expand(images.shape);
        return Moved(Active.Start, stripes * (Batch.StartNoise * Active.Region.Radius)).MoveToOuterDisposeScope();
    }

    public override Tensor Next(Tensor best, int iteration, double share)
    {
        int count = Active.Count;
        (int height, int width) = Window(share, least: 1, isOdd: false);
        (long[] tops, long[] lefts) = (new long[count], new long[count]);
        (float[] signs, float[] others) = (new float[count * Channels], new float[count * Channels]);
        ExampleRandom random = Batch.Random(Active, iteration);
        for (int i = 0; i < count; i++)
        {
            SplitMix64 stream = random.Stream(i);
            (tops[i], lefts[i]) = Place(ref stream, (Height, Width), (height, width));
            Signs(ref stream, signs.AsSpan(i * Channels, Channels));
            Others(ref stream, signs.AsSpan(i * Channels, Channels), others.AsSpan(i * Channels, Channels));
        }

        Tensor isInside = Between(OnDevice(tops, count, 1, 1, 1), height, _rows.narrow(0, 0, Height).view(1, 1, Height, 1))
            .logical_and(Between(OnDevice(lefts, count, 1, 1, 1), width, _rows.narrow(0, 0, Width).view(1, 1, 1, Width)));
        Tensor window = isInside * (2 * Active.Region.Radius);
        Tensor moved = Moved(best, OnDevice(signs, count, Channels, 1, 1) * window);
        Tensor isWasted = moved.eq(best).flatten(1).all(1);
        return isWasted.any().item<bool>()
            ? torch.where(Perturbations.PerSample(isWasted, best), Moved(best, OnDevice(others, count, Channels, 1, 1) * window), moved)
            : moved;
    }

    private static void Signs(ref SplitMix64 stream, Span<float> signs)
    {
        for (int c = 0; c < signs.Length; c++)
            signs[c] = Sign(ref stream);
    }

    /// <summary>Signs drawn from all but those given.</summary>
    private static void Others(ref SplitMix64 stream, ReadOnlySpan<float> signs, Span<float> others)
    {
        do
            Signs(ref stream, others);
        while (others.SequenceEqual(signs));
    }

    private static Tensor Between(Tensor first, int length, Tensor index) => index.ge(first).logical_and(index.lt(first + length));

    private Tensor Moved(Tensor x, Tensor move)
    {
        Tensor shaped = move.view(x.shape);
        return Active.Region.Project(x + (Batch.Scales is { } scales ? shaped * scales : shaped));
    }
}
