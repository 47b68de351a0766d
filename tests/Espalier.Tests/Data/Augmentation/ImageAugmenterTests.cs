using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Tests.Data.Augmentation;

public sealed class ImageAugmenterTests
{
    private static readonly AugmentationOptions Everything = new()
    {
        ResizedCrop = new() { Size = 14 },
        Affine = new() { Rotation = 20, MinScale = .8, MaxScale = 1.25, Shear = 10, Shift = .1 },
        FlipProbability = .5,
        ColorJitter = new(),
        GrayProbability = .2,
        Blur = new() { KernelSize = 3 },
        Solarize = new(),
        Erase = new(),
    };

    [Fact]
    public void Without_options_the_images_come_back_exactly()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(9, 3, 7, 5);
        Assert.Equal(Values(images), Values(new ImageAugmenter(new(), 1).Apply(images, 0, 0)));
    }

    [Fact]
    public void A_certain_flip_reverses_the_columns()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(5, 2, 6, 11);
        Tensor flipped = new ImageAugmenter(new() { FlipProbability = 1 }, 1).Apply(images, 0, 0);
        Assert.Equal(Values(images.flip(3).contiguous()), Values(flipped));
    }

    [Fact]
    public void A_crop_of_everything_at_the_same_size_is_the_image()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(5, 3, 12, 12);
        var whole = new AugmentationOptions { ResizedCrop = new() { MinArea = 1, MaxArea = 1, MinAspect = 1, MaxAspect = 1 } };
        Assert.Equal(Values(images), Values(new ImageAugmenter(whole, 1).Apply(images, 0, 0)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void How_the_batch_is_cut_and_how_many_threads_work_does_not_matter(int channels)
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(64, channels, 19, 17);
        float[] whole = Values(new ImageAugmenter(Everything, 5, threads: 1).Apply(images, 1000, 1));
        var parallel = new ImageAugmenter(Everything, 5, threads: 3);
        Assert.Equal(whole, Values(parallel.Apply(images, 1000, 1)));
        float[] first = Values(parallel.Apply(images.narrow(0, 0, 7), 1000, 1));
        float[] rest = Values(parallel.Apply(images.narrow(0, 7, 57), 1007, 1));
        Assert.Equal(whole, first.Concat(rest));
        Assert.NotEqual(whole, Values(parallel.Apply(images, 1000, 0)));
        Assert.NotEqual(whole, Values(parallel.Apply(images, 1001, 1)));
        Assert.NotEqual(whole, Values(new ImageAugmenter(Everything, 6).Apply(images, 1000, 1)));
    }

    [Fact]
    public void Adding_an_operation_leaves_the_draws_of_the_others_alone()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(16, 3, 12, 12);
        var crop = new AugmentationOptions { ResizedCrop = new() };
        Tensor plain = new ImageAugmenter(crop, 2).Apply(images, 0, 0);
        Tensor solarized = new ImageAugmenter(crop with { Solarize = new() { Probability = 1, Threshold = .5 }, FlipProbability = 1e-9 }, 2).Apply(images, 0, 0);
        Assert.Equal(Values(torch.where(plain.ge(.5), 1 - plain, plain)), Values(solarized));
    }

    [Fact]
    public void Views_stay_within_the_bounds()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(200, 3, 16, 16).ge(.5).to(torch.float32);
        Tensor views = new ImageAugmenter(Everything, 5).Apply(images, 0, 0);
        Assert.InRange(views.min().ToSingle(), 0, 1);
        Assert.InRange(views.max().ToSingle(), 0, 1);
        Tensor standardized = (images * 4) - 1;
        Tensor moved = new ImageAugmenter(AugmentationPresets.Digits with { Fill = -1, Erase = new() { Probability = 1, Size = 4, Fill = -1 } }, 5, InputBounds.Uniform(-1, 3)).Apply(standardized, 0, 0);
        Assert.Equal(-1, moved.min().ToSingle());
        Assert.Equal(3, moved.max().ToSingle());
    }

    [Fact]
    public void Operations_happen_as_often_as_their_probability_says()
    {
        const int n = 20_000;
        using var scope = torch.NewDisposeScope();
        // One bright corner, red: each operation leaves a mark that tells it from the others.
        Tensor images = torch.full([n, 3, 4, 4], .25f);
        images[.., 0, .., 0] = .75f;
        AssertShare(.3, new() { FlipProbability = .3 }, views => views[.., 0, 0, 3].eq(.75f));
        AssertShare(.2, new() { GrayProbability = .2 }, views => views[.., 0, 0, 0].eq(views[.., 1, 0, 0]));
        AssertShare(.8, new() { ColorJitter = new() { Hue = 0, Saturation = 0, Contrast = 0 } }, views => views[.., 0, 0, 0].ne(.75f));
        AssertShare(.1, new() { Blur = new() { Probability = .1, MinSigma = 1, KernelSize = 3 } }, views => views[.., 0, 0, 0].ne(.75f));
        AssertShare(.2, new() { Solarize = new() { Probability = .2 } }, views => views[.., 0, 0, 0].eq(.25f));
        AssertShare(.6, new() { Erase = new() { Probability = .6, Size = 2 } }, views => views.eq(0).flatten(1).any(1));
        // The square's corner is uniform over the 3x3 legal places, one of which covers the pixel.
        AssertShare(1 / 9.0, new() { Erase = new() { Probability = 1, Size = 2 } }, views => views[.., 0, 0, 0].eq(0));
        // One shift in five along each axis keeps the image where it is; along the rows only the first column tells.
        AssertShare(1 / 5.0, new() { PaddedCrop = new() { Padding = 2 }, Fill = 1 }, views => views[.., 0, .., 0].eq(.75f).any(1));

        void AssertShare(double expected, AugmentationOptions options, Func<Tensor, Tensor> happened)
        {
            Tensor views = new ImageAugmenter(options, 17).Apply(images, 0, 0);
            double share = happened(views).to(torch.float64).mean().ToDouble();
            Assert.Equal(expected, share, 4 * Math.Sqrt(expected * (1 - expected) / n));
        }
    }

    [Fact]
    public void Boxes_have_the_areas_and_aspects_asked_for()
    {
        // A ramp along each axis reads the box off the view: its slope is the box's size, its mean the box's place.
        const int n = 20_000, size = 32;
        using var scope = torch.NewDisposeScope();
        Tensor along = (torch.arange(size, dtype: torch.float32) + .5f) / size;
        Tensor images = torch.stack([along.view(1, -1).expand(size, size), along.view(-1, 1).expand(size, size)]).unsqueeze(0).expand(n, 2, size, size).contiguous();
        var options = new AugmentationOptions { ResizedCrop = new() { MinArea = .2, MaxArea = .6, Size = 8 } };
        Tensor views = new ImageAugmenter(options, 3).Apply(images, 0, 0).to(torch.float64);
        // Inner pixels only: the border's are replicated.
        Tensor width = (views[.., 0, 4, 6] - views[.., 0, 4, 1]) * 8 / 5, height = (views[.., 1, 6, 4] - views[.., 1, 1, 4]) * 8 / 5;
        Tensor area = width * height, aspect = (width / height).log() / Math.Log(4.0 / 3);
        Tensor place = (views[.., 0, 4, 3] + views[.., 0, 4, 4] - width) / 2 / (1 - width);
        AssertUniform(area, .2, .6);
        AssertUniform(aspect, -1, 1);
        AssertUniform(place, 0, 1);

        static void AssertUniform(Tensor values, double low, double high)
        {
            Assert.InRange(values.min().ToDouble(), low - 1e-4, low + ((high - low) * .01));
            Assert.InRange(values.max().ToDouble(), high - ((high - low) * .01), high + 1e-4);
            double deviation = (high - low) / Math.Sqrt(12);
            Assert.Equal((low + high) / 2, values.mean().ToDouble(), 4 * deviation / Math.Sqrt(n));
            Assert.Equal(deviation, values.std().ToDouble(), 4 * deviation * .64 / Math.Sqrt(n) + 1e-4);
        }
    }

    [Fact]
    public void A_rotated_disc_stays_and_a_shifted_one_moves_by_at_most_the_share_asked_for()
    {
        const int n = 2000, size = 21;
        using var scope = torch.NewDisposeScope();
        Tensor x = torch.arange(size, dtype: torch.float32) - 10;
        Tensor disc = (-((x * x).view(1, -1) + (x * x).view(-1, 1)) / 8).exp();
        Tensor images = disc.expand(n, 1, size, size).contiguous();
        Tensor turned = new ImageAugmenter(new() { Affine = new() { Rotation = 180 } }, 1).Apply(images, 0, 0);
        Assert.True((turned - images).abs().max().ToSingle() < .05f);
        Tensor shifted = new ImageAugmenter(new() { Affine = new() { Shift = .1 } }, 1).Apply(images, 0, 0);
        Tensor centre = (shifted.sum(2) * x).sum(2) / shifted.sum([2L, 3L]);
        Assert.Equal(2.1, centre.abs().max().ToSingle(), .05);
        Assert.Equal(0, centre.mean().ToSingle(), 4 * 2.1 / Math.Sqrt(3.0 * n));
    }

    [Fact]
    public void Grey_images_ignore_saturation_hue_and_grey()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(4, 1, 8, 8);
        var color = new AugmentationOptions { ColorJitter = new() { Probability = 1, Brightness = 0, Contrast = 0, Saturation = .8, Hue = .5 }, GrayProbability = 1 };
        Assert.Equal(Values(images), Values(new ImageAugmenter(color, 1).Apply(images, 0, 0)));
    }

    [Fact]
    public void Presets_hold_the_published_numbers()
    {
        AugmentationOptions[] all =
        [
            AugmentationPresets.ByolFirst(), AugmentationPresets.ByolSecond(), AugmentationPresets.SimClr(), AugmentationPresets.DinoGlobalFirst(),
            AugmentationPresets.DinoGlobalSecond(), AugmentationPresets.DinoLocal(), AugmentationPresets.Digits, AugmentationPresets.SmallPhotographs,
            AugmentationPresets.PaddedCropAndFlip, AugmentationPresets.ByolFirst(32), AugmentationPresets.SimClr(32, .5),
        ];
        Assert.All(all, o => o.Validate());
        Assert.Equal((1.0, .1, .2), (all[0].Blur!.Probability, all[1].Blur!.Probability, all[1].Solarize!.Probability));
        Assert.Null(all[0].Solarize);
        Assert.Equal((.4, 1.0, 224), (all[3].ResizedCrop!.MinArea, all[3].ResizedCrop!.MaxArea, all[3].ResizedCrop!.Size));
        Assert.Equal((.05, .4, 96), (all[5].ResizedCrop!.MinArea, all[5].ResizedCrop!.MaxArea, all[5].ResizedCrop!.Size));
        Assert.Null(all[9].Blur);
        Assert.Equal((.4, .1), (all[10].ColorJitter!.Saturation, all[10].ColorJitter!.Hue));
    }

    [Fact]
    public void Wrong_images_and_options_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        var jitter = new AugmentationOptions { ColorJitter = new() };
        Assert.Throws<ShapeException>(() => new ImageAugmenter(new(), 1).Apply(torch.rand(3, 8, 8), 0, 0));
        Assert.Throws<ShapeException>(() => new ImageAugmenter(new(), 1).Apply(torch.rand(1, 3, 8, 8, torch.float64), 0, 0));
        Assert.Throws<ShapeException>(() => new ImageAugmenter(new(), 1).Apply(torch.rand(1, 3, 8, 9).transpose(2, 3), 0, 0));
        Assert.Throws<ShapeException>(() => new ImageAugmenter(jitter, 1).Apply(torch.rand(1, 2, 8, 8), 0, 0));
        Assert.Throws<ShapeException>(() => new ImageAugmenter(new() { Erase = new() { Size = 9 } }, 1).Apply(torch.rand(1, 2, 8, 8), 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageAugmenter(new(), 1).Apply(torch.rand(1, 2, 8, 8), -1, 0));
        Assert.Equal("colorJitter", Assert.Throws<OptionsException>(() => new ImageAugmenter(jitter, 1, InputBounds.Uniform(-1, 1))).Option);
        Assert.Equal("fill", Assert.Throws<OptionsException>(() => new ImageAugmenter(new() { PaddedCrop = new(), Fill = 2 }, 1)).Option);
        Assert.Equal("resizedCrop.minArea", Assert.Throws<OptionsException>(() => new AugmentationOptions { ResizedCrop = new() { MinArea = 0 } }.Validate()).Option);
        Assert.Equal("paddedCrop", Assert.Throws<OptionsException>(() => new AugmentationOptions { ResizedCrop = new(), PaddedCrop = new() }.Validate()).Option);
        Assert.Equal("colorJitter.hue", Assert.Throws<OptionsException>(() => (jitter with { ColorJitter = new() { Hue = .6 } }).Validate()).Option);
        Assert.Equal(0, new ImageAugmenter(jitter, 1).Apply(torch.zeros(0, 3, 8, 8), 0, 0).shape[0]);
    }

    private static Tensor Images(int n, int channels, int height, int width) => torch.rand(n, channels, height, width, generator: new torch.Generator(11));

    private static float[] Values(Tensor tensor) => tensor.data<float>().ToArray();
}
