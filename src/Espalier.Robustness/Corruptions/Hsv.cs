namespace Espalier.Robustness.Corruptions;

/// <summary>A colour as hue (in turns, [0, 1)), saturation and value, both in [0, 1]. The hue of a grey is 0.</summary>
internal readonly record struct Hsv(double Hue, double Saturation, double Value)
{
    public static Hsv FromRgb(double red, double green, double blue)
    {
        double value = Math.Max(red, Math.Max(green, blue));
        double chroma = value - Math.Min(red, Math.Min(green, blue));
        if (chroma == 0)
            return new(0, 0, value);
        double sixths = value == red ? (green - blue) / chroma
            : value == green ? 2 + ((blue - red) / chroma)
            : 4 + ((red - green) / chroma);
        return new((sixths < 0 ? sixths + 6 : sixths) / 6, chroma / value, value);
    }

    public (double Red, double Green, double Blue) ToRgb() => (Channel(5), Channel(3), Channel(1));

    /// <summary>Changes the colour of each pixel of a red, green and blue image.</summary>
    public static void EachPixel(Span<float> image, ImageSize size, Func<Hsv, Hsv> change)
    {
        Span<float> red = size.Channel(image, 0), green = size.Channel(image, 1), blue = size.Channel(image, 2);
        for (int i = 0; i < red.Length; i++)
        {
            (double r, double g, double b) = change(FromRgb(red[i], green[i], blue[i])).ToRgb();
            (red[i], green[i], blue[i]) = ((float)r, (float)g, (float)b);
        }
    }

    // V - V·S·max(0, min(k, 4 - k, 1)) with k = (n + 6·hue) mod 6, n = 5, 3, 1.
    private double Channel(int n)
    {
        double k = (n + (Hue * 6)) % 6;
        return Value - (Value * Saturation * Math.Max(0, Math.Min(Math.Min(k, 4 - k), 1)));
    }
}
