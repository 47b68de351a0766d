using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Espalier.Data.Augmentation;

/// <summary>
/// torchvision's colour operations on one image in place, [channels, pixels] in [0, 1]. Sums run in an order that does
/// not depend on where the memory lies, as those of TensorPrimitives do: the same image gives the same bits in any batch.
/// </summary>
internal static class ColorOperations
{
    private const float Red = 0.2989f, Green = 0.587f, Blue = 0.114f;

    /// <summary>x·factor, clipped.</summary>
    public static void Brightness(Span<float> image, float factor) => ScaleAndAdd(image, factor, 0);

    /// <summary>factor·x + (1-factor)·(mean grey of the image), clipped.</summary>
    /// <param name="image">[channels, pixels]; of one channel, or three.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="factor">1 changes nothing.</param>
    public static void Contrast(Span<float> image, int channels, float factor)
    {
        int pixels = image.Length / channels;
        double mean = channels == 1
            ? Sum(image) / pixels
            : ((Red * Sum(image[..pixels])) + (Green * Sum(image.Slice(pixels, pixels))) + (Blue * Sum(image[(2 * pixels)..]))) / pixels;
        ScaleAndAdd(image, factor, (float)((1 - factor) * mean));
    }

    /// <summary>factor·x + (1-factor)·(grey of the pixel), clipped.</summary>
    /// <param name="image">[3, pixels].</param>
    /// <param name="factor">1 changes nothing, 0 gives grey.</param>
    public static void Saturation(Span<float> image, float factor) => EachPixel(image, new Desaturation(factor));

    /// <summary>All three channels become the grey of the pixel.</summary>
    /// <param name="image">[3, pixels].</param>
    public static void Gray(Span<float> image) => EachPixel(image, default(Graying));

    /// <summary>Hue of HSV shifted.</summary>
    /// <param name="image">[3, pixels].</param>
    /// <param name="turns">In [-0.5, 0.5].</param>
    public static void Hue(Span<float> image, float turns) => EachPixel(image, new HueShift(turns));

    /// <summary>1-x where x is at least the threshold.</summary>
    public static void Solarize(Span<float> image, float threshold)
    {
        ref float first = ref MemoryMarshal.GetReference(image);
        int i = 0;
        for (; i <= image.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> x = Vector256.LoadUnsafe(ref first, (nuint)i);
            Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(x, Vector256.Create(threshold)), Vector256<float>.One - x, x).StoreUnsafe(ref first, (nuint)i);
        }

        for (; i < image.Length; i++)
            image[i] = image[i] >= threshold ? 1 - image[i] : image[i];
    }

    /// <summary>Clips to a range.</summary>
    public static void Clip(Span<float> image, float lower, float upper)
    {
        ref float first = ref MemoryMarshal.GetReference(image);
        int i = 0;
        for (; i <= image.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            Clipped(Vector256.LoadUnsafe(ref first, (nuint)i), Vector256.Create(lower), Vector256.Create(upper)).StoreUnsafe(ref first, (nuint)i);
        for (; i < image.Length; i++)
            image[i] = Math.Min(Math.Max(image[i], lower), upper);
    }

    private static void ScaleAndAdd(Span<float> image, float factor, float offset)
    {
        ref float first = ref MemoryMarshal.GetReference(image);
        int i = 0;
        for (; i <= image.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            ClippedToUnit((Vector256.LoadUnsafe(ref first, (nuint)i) * factor) + Vector256.Create(offset)).StoreUnsafe(ref first, (nuint)i);
        for (; i < image.Length; i++)
            image[i] = Math.Min(Math.Max((image[i] * factor) + offset, 0), 1);
    }

    private static double Sum(ReadOnlySpan<float> values)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector256<double> lower = default, upper = default;
        int i = 0;
        for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            (Vector256<double> l, Vector256<double> u) = Vector256.Widen(Vector256.LoadUnsafe(ref first, (nuint)i));
            lower += l;
            upper += u;
        }

        double sum = Vector256.Sum(lower + upper);
        for (; i < values.Length; i++)
            sum += values[i];
        return sum;
    }

    private static void EachPixel<T>(Span<float> image, T operation)
        where T : struct, IPixelOperation
    {
        int pixels = image.Length / 3;
        ref float r = ref MemoryMarshal.GetReference(image);
        ref float g = ref MemoryMarshal.GetReference(image[pixels..]);
        ref float b = ref MemoryMarshal.GetReference(image[(2 * pixels)..]);
        int i = 0;
        for (; i <= pixels - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            (Vector256<float> red, Vector256<float> green, Vector256<float> blue) = operation.Apply(
                Vector256.LoadUnsafe(ref r, (nuint)i), Vector256.LoadUnsafe(ref g, (nuint)i), Vector256.LoadUnsafe(ref b, (nuint)i));
            red.StoreUnsafe(ref r, (nuint)i);
            green.StoreUnsafe(ref g, (nuint)i);
            blue.StoreUnsafe(ref b, (nuint)i);
        }

        int rest = pixels - i;
        if (rest == 0)
            return;
        // The last few pixels go through the same arithmetic in a padded block.
        Span<float> block = stackalloc float[3 * Vector256<float>.Count];
        block.Clear();
        for (int c = 0; c < 3; c++)
            image.Slice((c * pixels) + i, rest).CopyTo(block[(c * Vector256<float>.Count)..]);
        EachPixel(block, operation);
        for (int c = 0; c < 3; c++)
            block.Slice(c * Vector256<float>.Count, rest).CopyTo(image[((c * pixels) + i)..]);
    }

    private static Vector256<float> ClippedToUnit(Vector256<float> x) => Clipped(x, Vector256<float>.Zero, Vector256<float>.One);

    private static Vector256<float> Clipped(Vector256<float> x, Vector256<float> lower, Vector256<float> upper) =>
        Vector256.MinNative(Vector256.MaxNative(x, lower), upper);

    private static Vector256<float> GrayOf(Vector256<float> red, Vector256<float> green, Vector256<float> blue) => (red * Red) + (green * Green) + (blue * Blue);

    private interface IPixelOperation
    {
        (Vector256<float> Red, Vector256<float> Green, Vector256<float> Blue) Apply(Vector256<float> red, Vector256<float> green, Vector256<float> blue);
    }

    private readonly struct Graying : IPixelOperation
    {
        public (Vector256<float> Red, Vector256<float> Green, Vector256<float> Blue) Apply(Vector256<float> red, Vector256<float> green, Vector256<float> blue)
        {
            Vector256<float> gray = GrayOf(red, green, blue);
            return (gray, gray, gray);
        }
    }

    private readonly struct Desaturation(float factor) : IPixelOperation
    {
        public (Vector256<float> Red, Vector256<float> Green, Vector256<float> Blue) Apply(Vector256<float> red, Vector256<float> green, Vector256<float> blue)
        {
            Vector256<float> gray = GrayOf(red, green, blue) * (1 - factor);
            return (ClippedToUnit((red * factor) + gray), ClippedToUnit((green * factor) + gray), ClippedToUnit((blue * factor) + gray));
        }
    }

    private readonly struct HueShift(float turns) : IPixelOperation
    {
        public (Vector256<float> Red, Vector256<float> Green, Vector256<float> Blue) Apply(Vector256<float> red, Vector256<float> green, Vector256<float> blue)
        {
            Vector256<float> value = Vector256.Max(red, Vector256.Max(green, blue));
            Vector256<float> chroma = value - Vector256.Min(red, Vector256.Min(green, blue));
            // A grey pixel has no hue: any divisor does, since its chroma is zero.
            Vector256<float> divisor = Vector256.ConditionalSelect(Vector256.Equals(chroma, Vector256<float>.Zero), Vector256<float>.One, chroma);
            Vector256<float> sector = Vector256.ConditionalSelect(
                Vector256.Equals(value, red),
                (green - blue) / divisor,
                Vector256.ConditionalSelect(
                    Vector256.Equals(value, green),
                    Vector256.Create(2f) + ((blue - red) / divisor),
                    Vector256.Create(4f) + ((red - green) / divisor)));
            // In sixths of a turn; the 6 keeps it positive, and Channel takes it modulo 6.
            sector += Vector256.Create((turns * 6) + 6);
            return (Channel(value, chroma, sector, 5), Channel(value, chroma, sector, 3), Channel(value, chroma, sector, 1));
        }

        // HSV to RGB without branches: v - chroma·max(0, min(k, 4-k, 1)), k = (n + hue/60°) mod 6, n = 5, 3, 1.
        private static Vector256<float> Channel(Vector256<float> value, Vector256<float> chroma, Vector256<float> sector, float n)
        {
            Vector256<float> k = sector + Vector256.Create(n);
            k -= Vector256.Floor(k / Vector256.Create(6f)) * Vector256.Create(6f);
            Vector256<float> share = Vector256.Max(Vector256<float>.Zero, Vector256.Min(Vector256.Min(k, Vector256.Create(4f) - k), Vector256<float>.One));
            return ClippedToUnit(value - (chroma * share));
        }
    }
}
