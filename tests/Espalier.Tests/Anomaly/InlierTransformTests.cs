using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Tests.Anomaly;

public sealed class InlierTransformTests
{
    private static readonly string[] TenDigits = [.. Enumerable.Range(0, 10).Select(d => $"{d}")];

    private static Dataset One(Tensor image) => new("one", image.unsqueeze(0).to(torch.float32), torch.zeros(1, dtype: torch.int64), ["one"]);

    private static float[] Make(OutlierGenerator generator, Tensor image)
    {
        using Dataset source = One(image);
        return generator.Generate(1, source.InputShape, source.Bounds, 1, source).flatten().data<float>().ToArray();
    }

    [Fact]
    public void A_jigsaw_is_the_authors()
    {
        // out[:14, :14] = rows 6..13 then 0..5 of the top left quadrant, and so on (the authors' torch.cat, written per pixel).
        using var scope = torch.NewDisposeScope();
        foreach ((int side, int up, int left) in new[] { (28, 6, 8), (32, 8, 8) })
        {
            int half = side / 2;
            Tensor image = (torch.arange(side * side).to(torch.float32) / (side * side)).view(1, side, side);
            float[] made = Make(new Jigsaw(), image);
            float[] original = image.flatten().data<float>().ToArray();
            for (int i = 0; i < side; i++)
            {
                for (int j = 0; j < side; j++)
                {
                    (int row, int column) = (i < half, j < half) switch
                    {
                        (true, true) => ((i + up) % half, j),
                        (true, false) => (half + i, j - half),
                        (false, true) => (i, half + j),
                        (false, false) => (i - half, half + ((j - half + left) % half)),
                    };
                    Assert.Equal(original[(row * side) + column], made[(i * side) + j], 1e-6f);
                }
            }
        }
    }

    // Pillow 9.4: a line of (x * x) % 97 resized to int(0.2 side) with BOX and back; the first, middle and last values.
    [Theory]
    [InlineData(28, 9.166667, 39.666668, 69.666664)]
    [InlineData(32, 6.0, 54.400002, 47.6)]
    [InlineData(13, 13.0, 44.666668, 44.666668)]
    public void Pixelation_is_Pillows_box_filter(int side, double first, double middle, double last)
    {
        using var scope = torch.NewDisposeScope();
        Tensor line = torch.arange(side).pow(2).remainder(97).to(torch.float32) / 97;
        float[] made = Make(new Pixelate(), line.expand(1, side, side));
        double[] row = [.. made[^side..].Select(v => v * 97.0)];
        Assert.Equal(first, row[0], 1e-4);
        Assert.Equal(middle, row[(side / 2) + (side == 32 ? 2 : 0)], 1e-4);
        Assert.Equal(last, row[^1], 1e-4);
    }

    [Fact]
    public void Colours_change_as_the_paper_says()
    {
        using var scope = torch.NewDisposeScope();
        Tensor image = torch.tensor(new[] { 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f }).view(3, 1, 2);
        Assert.Equal([0.4f, 0.3f, 0.5f, 0.6f, 0.1f, 0.2f], Make(new RgbGhost(), image), Near);
        Assert.Equal([0.1f, 0.2f, 0.7f, 0.6f, 0.5f, 0.4f], Make(new InvertedChannels(), image), Near);
        Assert.Equal([0.9f, 0.8f, 0.7f, 0.6f, 0.5f, 0.4f], Make(new Negative(), image), Near);
    }

    [Fact]
    public void Pairs_are_of_different_inputs()
    {
        using var scope = torch.NewDisposeScope();
        using var source = new Dataset("three", torch.tensor(new[] { 0.04f, 0.25f, 1f }).view(3, 1), torch.zeros(3, dtype: torch.int64), ["one"]);
        float[] geometric = new GeometricMean().Generate(300, [1], InputBounds.Unit, 1, source).data<float>().ToArray();
        Assert.Equal([0.1f, 0.2f, 0.5f], geometric.Select(v => MathF.Round(v, 5)).Distinct().Order());
        float[] arithmetic = new ArithmeticMean().Generate(300, [1], InputBounds.Unit, 1, source).data<float>().ToArray();
        Assert.Equal([0.145f, 0.52f, 0.625f], arithmetic.Select(v => MathF.Round(v, 5)).Distinct().Order());
        Assert.InRange(geometric.Count(v => v > 0.4f), 70, 130);      // each pair a third of the time
        using Dataset lonely = One(torch.ones(1));
        Assert.False(new GeometricMean().MakesFrom(lonely));
        Assert.Throws<DataException>(() => new GeometricMean().Generate(1, [1], InputBounds.Unit, 1, lonely));
    }

    [Fact]
    public void Other_bounds_are_brought_to_the_unit_box_and_back()
    {
        // On [-1, 1] a value v stands for (v + 1) / 2.
        using var scope = torch.NewDisposeScope();
        using var source = new Dataset("two", torch.tensor(new[] { -0.5f, 1f }).view(2, 1), torch.zeros(2, dtype: torch.int64), ["one"], InputBounds.Uniform(-1, 1));
        float[] geometric = new GeometricMean().Generate(5, [1], source.Bounds, 1, source).data<float>().ToArray();
        Assert.All(geometric, v => Assert.Equal((2 * Math.Sqrt(0.25)) - 1, v, 1e-6));
        float[] negative = new Negative().Generate(2, [1], source.Bounds, 1, source).data<float>().ToArray();
        Assert.Equal([-1f, 0.5f], negative.Order());
    }

    [Fact]
    public void Speckle_is_multiplicative_and_clipped()
    {
        // x = 1/2: 1/2 (1 + z) clipped at 0 and 1, both at one standard deviation.
        using var scope = torch.NewDisposeScope();
        Tensor made = new Speckle().Generate(1, [100, 100, 2], InputBounds.Unit, 1, One(torch.full(100, 100, 2, 0.5f)));
        Assert.Equal(0.1587, made.eq(0).to(torch.float32).mean().ToDouble(), 0.01);
        Assert.Equal(0.1587, made.eq(1).to(torch.float32).mean().ToDouble(), 0.01);
        Assert.Equal(0, Make(new Speckle(), torch.zeros(3)).Max());
    }

    [Fact]
    public void Only_digits_that_a_mirror_changes_are_mirrored()
    {
        using var scope = torch.NewDisposeScope();

        // Each digit d is an image with d / 20 top left and 1 bottom right.
        Tensor images = torch.zeros(10, 1, 2, 2);
        for (int d = 0; d < 10; d++)
        {
            images[d, 0, 0, 0] = d / 20f;
            images[d, 0, 1, 1] = 1;
        }

        using var source = new Dataset("digits", images, torch.arange(10), TenDigits);
        Tensor made = new MirroredDigits().Generate(60, [1, 2, 2], InputBounds.Unit, 1, source);
        int[] Digits(int start, int row, int column) => [.. Enumerable.Range(start, 30).Select(i => (int)MathF.Round(20 * made[i, 0, row, column].ToSingle())).Distinct().Order()];
        Assert.Equal([2, 4, 5, 6, 7, 9], Digits(0, 1, 0));
        Assert.Equal([2, 3, 4, 5, 6, 7, 9], Digits(30, 0, 1));
        using var letters = new Dataset("letters", torch.zeros(2, 1, 2, 2), torch.arange(2), ["a", "b"]);
        Assert.Contains("digits", Assert.Throws<DataException>(() => new MirroredDigits().Generate(1, [1, 2, 2], InputBounds.Unit, 1, letters)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Textures_are_crops()
    {
        using var scope = torch.NewDisposeScope();
        Tensor photograph = (torch.arange(30 * 40).to(torch.float32) / 1200).view(1, 1, 30, 40);
        Tensor crops = new Textures(photograph).Generate(500, [1, 4, 5], InputBounds.Unit, 1);

        // Within a crop one step right is 1/1200, one step down 40/1200.
        Assert.Equal(1 / 1200.0, (crops.narrow(3, 1, 4) - crops.narrow(3, 0, 4)).min().ToDouble(), 1e-6);
        Assert.Equal(40 / 1200.0, (crops.narrow(2, 1, 3) - crops.narrow(2, 0, 3)).max().ToDouble(), 1e-6);
        int[] corners = [.. crops.select(3, 0).select(2, 0).flatten().data<float>().Select(v => (int)MathF.Round(v * 1200))];
        Assert.Equal((0, 35), (corners.Min(c => c % 40), corners.Max(c => c % 40)));
        Assert.Equal((0, 26), (corners.Min(c => c / 40), corners.Max(c => c / 40)));
        Assert.Throws<ShapeException>(() => new Textures(photograph).Generate(1, [1, 31, 5], InputBounds.Unit, 1));

        // Grey for colour, and luma for grey.
        Assert.Equal([2L, 3, 4, 5], new Textures(photograph).Generate(2, [3, 4, 5], InputBounds.Unit, 1).shape);
        Tensor red = torch.zeros(1, 3, 4, 5);
        red.select(1, 0).fill_(1);
        Assert.Equal(0.299, new Textures(red).Generate(1, [1, 4, 5], InputBounds.Unit, 1).mean().ToDouble(), 1e-6);
    }

    [Fact]
    public void What_is_reported_and_what_is_chosen_by_are_apart()
    {
        Assert.Equal(["gaussian", "rademacher", "blobs", "pixel-shuffle", "textures", "negative"], OutlierGenerator.NamesFor(OutlierUse.Test));
        Assert.Equal(["uniform", "arithmetic-mean", "geometric-mean", "jigsaw", "speckle", "pixelate", "rgb-ghost", "inverted-channels", "mirrored-digits"], OutlierGenerator.NamesFor(OutlierUse.Validation));
        Assert.Equal("rademacher", OutlierGenerator.Create("bernoulli").Name);
    }

    private static bool Near(float a, float b) => Math.Abs(a - b) < 1e-6f;
}
