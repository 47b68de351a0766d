using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Randomness;
using Espalier.Robustness.Corruptions;

namespace Espalier.Tests.Robustness.Corruptions;

public sealed class CorruptionTests
{
    private static readonly CorruptionOptions ImageNet = new() { Constants = CorruptionConstants.ImageNet };
    private static readonly CorruptionOptions Cifar = new() { Constants = CorruptionConstants.Cifar };

    public static TheoryData<string> Names => [.. CorruptionCatalog.All.Select(c => c.Name)];

    private static Tensor Noise(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.rand(shape, generator: generator);
    }

    private static double[] Values(Tensor t) => t.to(torch.float64).contiguous().flatten().data<double>().ToArray();

    private static long[] Keys(int count) => [.. Enumerable.Range(0, count).Select(i => 100L + (7 * i))];

    private static Tensor Apply(string name, Tensor images, int severity, CorruptionOptions? options = null) =>
        CorruptionCatalog.Find(name).Apply(images, severity, Keys((int)images.shape[0]), options);

    [Fact]
    public void There_are_the_seventeen()
    {
        Assert.Equal(17, CorruptionCatalog.All.Select(c => c.Name).Distinct().Count());
        Assert.Equal("fog", CorruptionCatalog.Find("FOG").Name);
        Assert.Contains("did you mean 'gaussian-blur'", Assert.Throws<NotFoundException>(() => CorruptionCatalog.Find("gausian-blur")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Severity_0_is_the_identity_and_what_comes_is_an_image(string name)
    {
        using var scope = torch.NewDisposeScope();
        foreach (long[] shape in new long[][] { [2, 1, 28, 28], [1, 3, 20, 33], [2, 3, 5, 7], [1, 1, 1, 1], [1, 3, 2, 9], [0, 1, 8, 8] })
        {
            Tensor images = Noise(1, shape);
            Assert.True(Apply(name, images, 0).eq(images).all().item<bool>());
            foreach (CorruptionOptions options in new[] { ImageNet, Cifar })
            {
                for (int severity = 1; severity <= 5; severity++)
                {
                    Tensor result = Apply(name, images, severity, options);
                    Assert.Equal(shape, result.shape);
                    Assert.All(Values(result), x => Assert.InRange(x, 0, 1));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_becomes_of_an_image_does_not_depend_on_its_batch(string name)
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Noise(1, 4, 3, 19, 22);
        Corruption corruption = CorruptionCatalog.Find(name);
        foreach (CorruptionOptions options in new[] { ImageNet with { Seed = 3 }, Cifar with { Draw = 2 } })
        {
            Tensor together = corruption.Apply(images, 4, Keys(4), options);
            for (int i = 3; i >= 0; i--)
            {
                Tensor alone = corruption.Apply(images.narrow(0, i, 1), 4, [Keys(4)[i]], options);
                Assert.True(alone.eq(together.narrow(0, i, 1)).all().item<bool>());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Draws_seeds_and_keys_differ_where_it_is_random(string name)
    {
        using var scope = torch.NewDisposeScope();
        Corruption corruption = CorruptionCatalog.Find(name);
        Tensor images = Noise(1, 1, 3, 32, 32);
        Tensor first = corruption.Apply(images, 5, [1]);
        foreach (Tensor other in new[] { corruption.Apply(images, 5, [2]), corruption.Apply(images, 5, [1], new() { Seed = 1 }), corruption.Apply(images, 5, [1], new() { Draw = 1 }) })
            Assert.Equal(corruption.IsRandom, !other.eq(first).all().item<bool>());
    }

    [Theory]
    [InlineData("gaussian-noise", 2, .5, .06)]
    [InlineData("gaussian-noise", 5, .4, .10)]
    [InlineData("speckle-noise", 5, .5, .5 * .2)]
    [InlineData("speckle-noise", 1, .8, .8 * .06)]
    [InlineData("shot-noise", 1, .5, .0316227766)] // sqrt(x/k), k = 500
    [InlineData("shot-noise", 5, .3, .0774596669)] // k = 50
    public void Noise_has_the_mean_and_the_deviation_of_its_formula(string name, int severity, double level, double deviation)
    {
        using var scope = torch.NewDisposeScope();
        const int Pixels = 40 * 32 * 32;
        double[] values = Values(Apply(name, torch.full([40, 1, 32, 32], level, dtype: torch.float32), severity));
        double mean = values.Average();
        double found = Math.Sqrt(values.Average(x => (x - mean) * (x - mean)));
        // Five standard errors.
        Assert.Equal(level, mean, 5 * deviation / Math.Sqrt(Pixels));
        Assert.Equal(deviation, found, 5 * deviation / Math.Sqrt(2 * Pixels));
    }

    [Fact]
    public void Impulse_noise_hits_its_share_half_of_it_white()
    {
        using var scope = torch.NewDisposeScope();
        const int Count = 100 * 3 * 32 * 32;
        double[] values = Values(Apply("impulse-noise", torch.full([100, 3, 32, 32], .5, dtype: torch.float32), 5));
        double error = 5 * Math.Sqrt(.035 / Count);
        Assert.Equal(.035, values.Count(x => x == 0) / (double)Count, error);
        Assert.Equal(.035, values.Count(x => x == 1) / (double)Count, error);
        Assert.All(values, x => Assert.True(x is 0 or .5 or 1));
    }

    [Fact]
    public void Gaussian_blur_is_the_convolution()
    {
        using var scope = torch.NewDisposeScope();
        Tensor image = Noise(1, 1, 1, 9, 14);
        double[] x = Values(image), blurred = Values(Apply("gaussian-blur", image, 2, ImageNet));
        double Pixel(int row, int column) => x[(Math.Clamp(row, 0, 8) * 14) + Math.Clamp(column, 0, 13)];
        const double Sigma = 2;
        for (int i = 0; i < x.Length; i++)
        {
            double sum = 0, weights = 0;
            for (int a = -8; a <= 8; a++)
            {
                for (int b = -8; b <= 8; b++)
                {
                    double weight = Math.Exp(-((a * a) + (b * b)) / (2 * Sigma * Sigma));
                    sum += weight * Pixel((i / 14) + a, (i % 14) + b);
                    weights += weight;
                }
            }

            Assert.Equal(sum / weights, blurred[i], 1e-5);
        }
    }

    [Theory]
    [InlineData("gaussian-blur")]
    [InlineData("defocus-blur")]
    [InlineData("glass-blur")]
    [InlineData("motion-blur")]
    [InlineData("zoom-blur")]
    [InlineData("elastic-transform")]
    [InlineData("pixelate")]
    [InlineData("contrast")]
    public void A_plain_surface_stays_as_it_is(string name)
    {
        using var scope = torch.NewDisposeScope();
        foreach (CorruptionOptions options in new[] { ImageNet, Cifar })
        {
            for (int severity = 1; severity <= 5; severity++)
                Assert.All(Values(Apply(name, torch.full([1, 3, 17, 24], .3, dtype: torch.float32), severity, options)), x => Assert.Equal(.3, x, 1e-5));
        }
    }

    [Fact]
    public void A_point_out_of_focus_is_a_disk_and_in_motion_a_trail()
    {
        using var scope = torch.NewDisposeScope();
        Tensor image = torch.zeros(1, 1, 61, 61);
        image[0, 0, 30, 30] = 1;
        double[] disk = Values(Apply("defocus-blur", image, 1, ImageNet)); // radius 3, its rim sharp: 29 pixels
        Assert.Equal(29, disk.Count(x => x > .01));
        Assert.Equal(1 / 29.0, disk.Max(), 1e-6);
        Assert.Equal(1, disk.Sum(), 1e-5);

        double[] trail = Values(Apply("motion-blur", image, 1, ImageNet)); // 21 pixels, at most 45 degrees from the horizontal
        int[] lit = [.. Enumerable.Range(0, trail.Length).Where(i => trail[i] > 0)];
        Assert.Equal(1, trail.Sum(), 1e-5);
        Assert.InRange(lit.Select(i => i % 61).Distinct().Count(), 15, 21);
        Assert.All(lit, i => Assert.InRange(30 - (i % 61), Math.Abs((i / 61) - 30), 20));
    }

    [Fact]
    public void Glass_that_does_not_blur_only_moves_pixels()
    {
        using var scope = torch.NewDisposeScope();
        Tensor image = Noise(1, 1, 3, 32, 32);
        Tensor moved = Apply("glass-blur", image, 1); // sigma .05: no neighbour has a weight
        for (int c = 0; c < 3; c++)
            Assert.Equal(Values(image.select(1, c)).Order(), Values(moved.select(1, c)).Order());
        Assert.InRange(image.ne(moved).to(torch.float32).mean().ToDouble(), .8, 1);
    }

    [Fact]
    public void Contrast_and_brightness_are_their_formulas()
    {
        using var scope = torch.NewDisposeScope();
        Tensor color = Noise(1, 2, 3, 32, 32), grey = Noise(2, 2, 1, 32, 32);
        Tensor mean = color.mean([2, 3], keepdim: true);
        Assert.InRange((Apply("contrast", color, 3) - ((color - mean) * .4 + mean)).abs().max().ToDouble(), 0, 1e-6);
        Assert.InRange((Apply("brightness", grey, 3) - (grey + .15).clamp_max(1)).abs().max().ToDouble(), 0, 1e-6);
        // The same hue and saturation at a higher value: all three in proportion.
        Tensor value = color.amax([1], keepdim: true);
        Tensor brighter = color * ((value + .15).clamp_max(1) / value);
        Assert.InRange((Apply("brightness", color, 3) - brighter).abs().max().ToDouble(), 0, 1e-6);
    }

    [Fact]
    public void Saturation_moves_colours_from_and_to_grey()
    {
        using var scope = torch.NewDisposeScope();
        Tensor color = Noise(1, 2, 3, 32, 32), grey = Noise(2, 2, 1, 32, 32);
        Tensor value = color.amax([1], keepdim: true);
        Tensor paler = value - ((value - color) * .3); // S·.3
        Assert.InRange((Apply("saturate", color, 1) - paler).abs().max().ToDouble(), 0, 1e-6);
        Tensor purest = Apply("saturate", color, 5, ImageNet); // S·20 + .2
        Assert.InRange(purest.amin([1]).median().ToDouble(), 0, 1e-6);
        Assert.InRange((purest.amax([1], keepdim: true) - value).abs().max().ToDouble(), 0, 1e-6);
        for (int severity = 1; severity <= 5; severity++)
            Assert.True(Apply("saturate", grey, severity).eq(grey).all().item<bool>());
    }

    [Fact]
    public void Colours_survive_the_way_to_hsv_and_back()
    {
        Assert.Equal(new Hsv(0, 1, 1), Hsv.FromRgb(1, 0, 0));
        Assert.Equal(new Hsv(1 / 3.0, 1, .5), Hsv.FromRgb(0, .5, 0));
        Assert.Equal(new Hsv(2 / 3.0, .5, 1), Hsv.FromRgb(.5, .5, 1));
        Assert.Equal(new Hsv(5 / 6.0, 1, 1), Hsv.FromRgb(1, 0, 1));
        Assert.Equal(new Hsv(0, 0, .7), Hsv.FromRgb(.7, .7, .7));
        var random = new SplitMix64(1, 2);
        for (int i = 0; i < 1000; i++)
        {
            (double r, double g, double b) = (random.NextDouble(), random.NextDouble(), random.NextDouble());
            (double red, double green, double blue) = Hsv.FromRgb(r, g, b).ToRgb();
            Assert.Equal(r, red, 1e-12);
            Assert.Equal(g, green, 1e-12);
            Assert.Equal(b, blue, 1e-12);
        }
    }

    [Fact]
    public void Big_pixels_are_the_means_of_small_ones()
    {
        using var scope = torch.NewDisposeScope();
        Tensor image = Noise(1, 1, 3, 32, 48);
        foreach ((int severity, int side) in new[] { (2, 2), (5, 4) }) // shares .5 and .25
        {
            Tensor mean = torch.nn.functional.avg_pool2d(image, side);
            Tensor expected = mean.repeat_interleave(side, 2).repeat_interleave(side, 3);
            Assert.InRange((Apply("pixelate", image, severity, ImageNet) - expected).abs().max().ToDouble(), 0, 1e-6);
        }
    }

    [Fact]
    public void Jpeg_rounds_a_plain_surface_to_its_quantum()
    {
        // Quality 7 scales the first quantum, 16, by 5000/7 % to 114; it counts eighths of the mean level above 128.
        using var scope = torch.NewDisposeScope();
        foreach (int level in new[] { 0, 40, 77, 128, 200, 255 })
        {
            double expected = Math.Clamp(128 + (Math.Round((level - 128) * 8 / 114.0) * 114 / 8), 0, 255);
            Assert.All(Values(Apply("jpeg-compression", torch.full([1, 1, 16, 24], level / 255f), 5, ImageNet)), x => Assert.Equal(expected, x * 255, 1.001));
        }
    }

    [Fact]
    public void Fog_is_brightest_and_thinnest_somewhere_and_leaves_the_dark()
    {
        using var scope = torch.NewDisposeScope();
        Assert.All(Values(Apply("fog", torch.zeros(1, 1, 32, 32), 4)), x => Assert.Equal(0, x));
        double[] white = Values(Apply("fog", torch.ones(1, 3, 32, 32), 4)); // strength 1; clouds reach from 0 to 1
        Assert.Equal(.5, white.Min(), 1e-6);
        Assert.Equal(1, white.Max(), 1e-6);
        // Smooth: neighbours differ far less than pixels far apart.
        Tensor clouds = Apply("fog", torch.ones(20, 1, 32, 32), 1);
        double near = (clouds.narrow(3, 1, 31) - clouds.narrow(3, 0, 31)).abs().mean().ToDouble();
        double far = (clouds.narrow(3, 16, 16) - clouds.narrow(3, 0, 16)).abs().mean().ToDouble();
        Assert.InRange(near, 0, far / 4);
    }

    [Fact]
    public void Water_brightens_and_mud_covers()
    {
        using var scope = torch.NewDisposeScope();
        Tensor image = torch.full([20, 3, 32, 32], .5, dtype: torch.float32);
        Tensor wet = Apply("spatter", image, 3) - image;
        Assert.InRange(wet.min().ToDouble(), 0, 1);
        Assert.InRange(wet.gt(0).to(torch.float32).mean().ToDouble(), .05, .9);
        // The colour is (175, 238, 238)/255 times what is added.
        Tensor lit = wet.select(1, 1).lt(.49);
        Assert.InRange((wet.select(1, 0) - (wet.select(1, 1) * (175 / 238.0))).abs().masked_select(lit).max().ToDouble(), 0, 1e-5);
        Tensor muddy = Apply("spatter", image, 5);
        Tensor brown = torch.tensor([63 / 255f, 42 / 255f, 20 / 255f]).view(1, 3, 1, 1);
        Tensor share = (image - muddy) / (image - brown);
        Assert.InRange((share - share.narrow(1, 0, 1)).abs().max().ToDouble(), 0, 1e-5);
        Assert.All(Values(share), s => Assert.True(s is > -1e-5 and < 1e-5 or > .799 and < 1.00001));
        Assert.InRange(share.mean().ToDouble(), .02, .9);
    }

    [Fact]
    public void An_affine_map_takes_three_points_to_three()
    {
        (double X, double Y)[] at = [(3, 4), (10, 2), (1, 9)], shows = [(5, 5), (2, 8), (7, 1)];
        var map = AffineMap.Between(at, shows);
        for (int i = 0; i < 3; i++)
        {
            (double x, double y) = map.Source((int)at[i].X, (int)at[i].Y);
            Assert.Equal(shows[i].X, x, 1e-12);
            Assert.Equal(shows[i].Y, y, 1e-12);
        }

        Assert.Equal(AffineMap.Identity, AffineMap.Between([(0, 0), (1, 1), (2, 2)], shows));
    }

    [Theory]
    [InlineData("gaussian-noise")]
    [InlineData("shot-noise")]
    [InlineData("impulse-noise")]
    [InlineData("speckle-noise")]
    [InlineData("gaussian-blur")]
    [InlineData("zoom-blur")]
    [InlineData("fog")]
    [InlineData("brightness")]
    [InlineData("contrast")]
    [InlineData("jpeg-compression")]
    public void On_average_a_higher_severity_is_further_from_the_image(string name)
    {
        using var scope = torch.NewDisposeScope();
        using LoadedData data = DataCatalog.Default.Load(new() { Name = "digits", Limit = 200 });
        Tensor small = data.Splits.Train.All().Inputs.view(-1, 1, 8, 8).narrow(0, 0, 40);
        Tensor images = torch.nn.functional.interpolate(small, size: [32, 32], mode: torch.InterpolationMode.Bilinear, align_corners: false);
        double last = 0;
        for (int severity = 1; severity <= 5; severity++)
        {
            double distance = (Apply(name, images, severity) - images).flatten(1).norm(1).mean().ToDouble();
            Assert.True(distance > last, $"severity {severity}: {distance}, after {last}");
            last = distance;
        }
    }

    [Fact]
    public void The_constants_go_by_the_side()
    {
        using var scope = torch.NewDisposeScope();
        Tensor small = Noise(1, 1, 1, 63, 80), large = Noise(1, 1, 1, 64, 80);
        Assert.True(Apply("contrast", small, 1).eq(Apply("contrast", small, 1, Cifar)).all().item<bool>());
        Assert.True(Apply("contrast", large, 1).eq(Apply("contrast", large, 1, ImageNet)).all().item<bool>());
        Assert.False(Apply("contrast", large, 1).eq(Apply("contrast", large, 1, Cifar)).all().item<bool>());
    }

    [Fact]
    public void What_is_no_image_is_refused()
    {
        using var scope = torch.NewDisposeScope();
        Corruption fog = CorruptionCatalog.Find("fog");
        Tensor image = Noise(1, 1, 1, 8, 8);
        Assert.Throws<OptionsException>(() => fog.Apply(image, 6, [0]));
        Assert.Throws<OptionsException>(() => fog.Apply(image, -1, [0]));
        Assert.Throws<OptionsException>(() => fog.Apply(image, 1, [0], new() { Constants = (CorruptionConstants)9 }));
        Assert.Throws<ShapeException>(() => fog.Apply(image, 1, [0, 1]));
        Assert.Throws<ShapeException>(() => fog.Apply(image.squeeze(0), 1, [0]));
        Assert.Throws<ShapeException>(() => fog.Apply(image.to(torch.float64), 1, [0]));
        Assert.Throws<ShapeException>(() => fog.Apply(torch.rand(1, 2, 8, 8), 1, [0]));
        Assert.Throws<DataException>(() => fog.Apply(image * 255, 1, [0]));
        Assert.Throws<DataException>(() => fog.Apply(image * double.NaN, 1, [0]));
    }
}
