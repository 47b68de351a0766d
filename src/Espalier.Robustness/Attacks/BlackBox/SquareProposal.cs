using Espalier.Randomness;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Where the Square Attack goes next. Each sample's windows are its own; those of a batch are moved together.</summary>
internal abstract class SquareProposal
{
    protected SquareProposal(AttackedBatch batch, ActiveSamples active)
    {
        (Batch, Active) = (batch, active);
        (Channels, Height, Width) = batch.Clean.shape switch
        {
            [_, var channels, var height, var width] => ((int)channels, (int)height, (int)width),
            [_, var height, var width] => (1, (int)height, (int)width),
            var shape => (1, 1, (int)shape.Skip(1).Aggregate(1L, (a, b) => a * b)),
        };
    }

    protected AttackedBatch Batch { get; }

    protected ActiveSamples Active { get; }

    protected int Channels { get; }

    protected int Height { get; }

    protected int Width { get; }

    /// <summary>The first iterate, [active, ...].</summary>
    public abstract Tensor Start();

    /// <summary>A neighbour of the best iterates.</summary>
    /// <param name="best">[active, ...].</param>
    /// <param name="iteration">Counted from 1; another one, another draw.</param>
    /// <param name="share">The share of an image that a window covers.</param>
    public abstract Tensor Next(Tensor best, int iteration, double share);

    /// <summary>Height and width of a window that covers a share of an image: a square, or in a row a stretch.</summary>
    /// <param name="share">The share.</param>
    /// <param name="least">The least side.</param>
    /// <param name="isOdd">Whether sides are made odd.</param>
    protected (int Height, int Width) Window(double share, int least, bool isOdd)
    {
        int Cut(double side, int limit)
        {
            int whole = Math.Max((int)Math.Round(side), least);
            return Math.Min(isOdd ? whole | 1 : whole, limit);
        }

        if (Height == 1)
            return (1, Cut(share * Width, Width));
        int square = Cut(Math.Sqrt(share * Height * Width), Math.Min(Height, Width));
        return (square, square);
    }

    /// <summary>The top left corners of windows, each offset as likely as another, the last ones included.</summary>
    public static (int Top, int Left) Place(ref SplitMix64 random, (int Height, int Width) image, (int Height, int Width) window) =>
        (random.NextBelow(image.Height - window.Height + 1), random.NextBelow(image.Width - window.Width + 1));

    protected Tensor AsImages(Tensor x) => x.view(x.shape[0], Channels, Height, Width);

    protected Tensor OnDevice(long[] values, params long[] shape) => torch.tensor(values, device: Batch.Clean.device).view(shape);

    protected Tensor OnDevice(float[] values, params long[] shape) => torch.tensor(values, dtype: Batch.Clean.dtype, device: Batch.Clean.device).view(shape);

    protected static float Sign(ref SplitMix64 random) => (random.Next() >> 63) == 0 ? -1 : 1;
}
