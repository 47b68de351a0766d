namespace Espalier.Robustness.Corruptions;

/// <summary>The size of one image, whose values lie row-major, [channels, height, width].</summary>
internal readonly record struct ImageSize(int Channels, int Height, int Width)
{
    public int Plane => Height * Width;

    public int Side => Math.Min(Height, Width);

    public bool IsGrey => Channels == 1;

    public Span<float> Channel(Span<float> image, int channel) => image.Slice(channel * Plane, Plane);
}
