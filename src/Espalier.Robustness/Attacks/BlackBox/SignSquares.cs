using Espalier.Data;

namespace Espalier.Robustness;

/// <summary>
/// The L-inf proposals (Andriushchenko et al. 2020, algorithm 2): vertical stripes at the start; then a square moves by
/// ±2ε, one sign per channel, so that it ends at the ball's surface.
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
        (long[] tops, long[] lefts, float[] signs) = (new long[count], new long[count], new float[count * Channels]);
        ExampleRandom random = Batch.Random(Active, iteration);
        for (int i = 0; i < count; i++)
        {
            SplitMix64 stream = random.Stream(i);
            (tops[i], lefts[i]) = Place(ref stream, (Height, Width), (height, width));
            for (int c = 0; c < Channels; c++)
                signs[(i * Channels) + c] = Sign(ref stream);
        }

        Tensor isInside = Between(OnDevice(tops, count, 1, 1, 1), height, _rows.narrow(0, 0, Height).view(1, 1, Height, 1))
            .logical_and(Between(OnDevice(lefts, count, 1, 1, 1), width, _rows.narrow(0, 0, Width).view(1, 1, 1, Width)));
        return Moved(best, OnDevice(signs, count, Channels, 1, 1) * isInside * (2 * Active.Region.Radius));
    }

    private static Tensor Between(Tensor first, int length, Tensor index) => index.ge(first).logical_and(index.lt(first + length));

    private Tensor Moved(Tensor x, Tensor move)
    {
        Tensor shaped = move.view(x.shape);
        return Active.Region.Project(x + (Batch.Scales is { } scales ? shaped * scales : shaped));
    }
}
