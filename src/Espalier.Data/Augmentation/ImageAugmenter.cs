using System.Collections.Concurrent;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Randomness;

namespace Espalier.Data.Augmentation;

/// <summary>
/// Makes random views of images, in parallel over the samples. What a sample's view looks like is a function of the seed,
/// the sample's position in the stream and the number of the view alone: batch size, micro-batches, threads and ranks do
/// not change it, and each operation draws from a stream of its own, so that adding one leaves the others' draws alone.
/// Safe to use from several threads.
/// </summary>
public sealed class ImageAugmenter
{
    private const int CropTrials = 10;
    private const int ChunkOfPixels = 16 * 1024;

    private readonly int _seed, _threads;
    private readonly float _lower, _upper;
    private readonly ConcurrentBag<Workspace> _workspaces = [];

    /// <summary>Creates the augmenter.</summary>
    /// <param name="options">What a view is.</param>
    /// <param name="seed">The seed of all draws.</param>
    /// <param name="bounds">The box that the images live in; [0, 1] where null. Views are clipped to its least and greatest end.</param>
    /// <param name="threads">How many threads work at once, at least 1; as many as there are processors where null.</param>
    /// <exception cref="OptionsException">
    /// A value is out of its range, a fill value lies outside the bounds, or an operation on colour is asked for where the
    /// bounds are not [0, 1].
    /// </exception>
    public ImageAugmenter(AugmentationOptions options, int seed, InputBounds? bounds = null, int? threads = null)
    {
        options.Validate();
        OptionsException.Require(threads is null or >= 1, nameof(threads), threads, "must be at least 1");
        bounds ??= InputBounds.Unit;
        (Options, _seed, _threads) = (options, seed, threads ?? Environment.ProcessorCount);
        (_lower, _upper) = ((float)bounds.Lower, (float)bounds.Upper);
        if (bounds.LowerValues.Any(l => l != 0) || bounds.UpperValues.Any(u => u != 1))
        {
            const string allowed = "needs images in the bounds [0, 1]; standardize inside the model instead";
            OptionsException.Require(options.AutoAugment is null, nameof(options.AutoAugment), "set", allowed);
            OptionsException.Require(options.ColorJitter is null, nameof(options.ColorJitter), "set", allowed);
            OptionsException.Require(options.GrayProbability == 0, nameof(options.GrayProbability), options.GrayProbability, allowed);
            OptionsException.Require(options.Solarize is null, nameof(options.Solarize), "set", allowed);
        }

        RequireInside(options.Fill, "fill", options.AutoAugment is not null || (options.Padding == EdgePadding.Fill && (options.Affine is not null || options.PaddedCrop is not null)));
        RequireInside(options.Erase?.Fill ?? 0, "erase.fill", options.Erase is not null);

        void RequireInside(double fill, string option, bool used) => OptionsException.Require(
            !used || (fill >= bounds.Lower && fill <= bounds.Upper), option, fill, $"must lie within the images' bounds, {bounds.Lower}..{bounds.Upper}");
    }

    private enum Operation
    {
        Crop,
        Affine,
        Flip,
        ColorJitter,
        Gray,
        Blur,
        Solarize,
        Erase,
        AutoAugment,
    }

    /// <summary>What a view is.</summary>
    public AugmentationOptions Options { get; }

    /// <summary>One view of each image. The result belongs to the caller's dispose scope.</summary>
    /// <param name="images">[n, channels, height, width], float32, contiguous, in plain memory, within the bounds.</param>
    /// <param name="position">Stream position of the first image; image i stands at position + i. At least 0.</param>
    /// <param name="view">The number of the view, at least 0: two views of one image differ in it.</param>
    /// <returns>[n, channels, out height, out width], float32.</returns>
    /// <exception cref="ShapeException">
    /// Another shape, type or place; an operation on colour and neither 1 nor 3 channels; an image too small for the blur,
    /// the padding or the erased square.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A negative position or view.</exception>
    public Tensor Apply(Tensor images, long position, int view)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfNegative(view);
        if (images.shape is not [var n, var channels, var height, var width] || images.dtype != torch.float32 || images.device_type != DeviceType.CPU || !images.is_contiguous() || channels < 1 || height < 1 || width < 1)
            throw new ShapeException("images", images.shape, "[n, channels, height, width], float32, contiguous, on the CPU");
        int outHeight = Options.ResizedCrop?.Size ?? (int)height, outWidth = Options.ResizedCrop?.Size ?? (int)width;
        var layout = new Layout((int)channels, (int)height, (int)width, outHeight, outWidth);
        Check(images, layout);

        Tensor views = torch.empty([n, channels, outHeight, outWidth], dtype: torch.float32);
        if (n > 0)
            Fill(images, views, (int)n, layout, position, view);
        return views;
    }

    /// <summary>A batch with one view of each of its images in their place, on the same device.</summary>
    /// <param name="batch">The batch; its inputs are taken over and freed.</param>
    /// <exception cref="ShapeException">As above.</exception>
    public LabelledBatch Apply(LabelledBatch batch)
    {
        using Tensor inputs = batch.Inputs;
        using Tensor host = inputs.cpu();
        return batch with { Inputs = Apply(host, batch.Position, 0).MovedTo(inputs.device) };
    }

    private void Check(Tensor images, Layout layout)
    {
        if (images.shape[0] * layout.Channels * Math.Max((long)layout.Height * layout.Width, (long)layout.OutHeight * layout.OutWidth) >= int.MaxValue / sizeof(float))
            throw new ShapeException("images", images.shape, "less than 2 GiB at once: cut the batch");
        if ((Options.AutoAugment is not null || Options.ColorJitter is not null || Options.GrayProbability > 0) && layout.Channels is not (1 or 3))
            throw new ShapeException("images", images.shape, "1 or 3 channels, since AutoAugment, colour jitter or grey is asked for");
        if (Options.Blur is { } blur && KernelSize(blur, layout) / 2 >= Math.Min(layout.OutHeight, layout.OutWidth))
            throw new ShapeException("images", images.shape, $"views of more than {KernelSize(blur, layout) / 2} pixels a side, the radius of the blur");
        if (Options.PaddedCrop is { } crop && Options.Padding == EdgePadding.Reflect && crop.Padding >= Math.Min(layout.Height, layout.Width))
            throw new ShapeException("images", images.shape, $"more than {crop.Padding} pixels a side, the padding that mirrors them");
        if (Options.Erase?.Size is { } size && size > Math.Min(layout.OutHeight, layout.OutWidth))
            throw new ShapeException("images", images.shape, $"views of at least {size} pixels a side, the square to erase");
    }

    private unsafe void Fill(Tensor images, Tensor views, int n, Layout layout, long position, int view)
    {
        // Plain addresses, since spans cannot enter a lambda; both tensors outlive the loop, and libtorch's memory does not move.
        nint source, target;
        fixed (byte* s = images.bytes, t = views.bytes)
            (source, target) = ((nint)s, (nint)t);
        int chunk = Math.Clamp(ChunkOfPixels / (layout.Channels * layout.OutHeight * layout.OutWidth), 1, Math.Max(1, n / _threads));
        int chunks = (n + chunk - 1) / chunk;
        if (_threads == 1 || chunks == 1)
        {
            Work(0, n);
        }
        else
        {
            Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = _threads }, c => Work(c * chunk, Math.Min(chunk, n - (c * chunk))));
        }

        GC.KeepAlive(images);
        GC.KeepAlive(views);

        void Work(int first, int count)
        {
            if (!_workspaces.TryTake(out Workspace? workspace))
                workspace = new Workspace();
            for (int i = first; i < first + count; i++)
            {
                var image = new ReadOnlySpan<float>((float*)source + ((long)i * layout.InSize), layout.InSize);
                var result = new Span<float>((float*)target + ((long)i * layout.OutSize), layout.OutSize);
                Transform(image, result, layout, position + i, view, workspace);
            }

            _workspaces.Add(workspace);
        }
    }

    private void Transform(ReadOnlySpan<float> image, Span<float> result, Layout layout, long position, int view, Workspace workspace)
    {
        PixelMap map = DrawMap(layout, position, view);
        if (map == PixelMap.Identity && image.Length == result.Length)
        {
            image.CopyTo(result);
        }
        else
        {
            EdgePadding padding = Options.Affine is null && Options.PaddedCrop is null ? EdgePadding.Replicate : Options.Padding;
            workspace.Resampler.Resample(image, layout.Height, layout.Width, result, layout.OutHeight, layout.OutWidth, map, padding, (float)Options.Fill);
        }

        if (Options.AutoAugment is { } automatic)
            workspace.AutoAugment.Apply(automatic, Stream(position, view, Operation.AutoAugment), result, layout.Channels, layout.OutHeight, layout.OutWidth, (float)Options.Fill);
        if (Options.ColorJitter is { } jitter)
            Jitter(jitter, Stream(position, view, Operation.ColorJitter), result, layout.Channels);
        if (Options.GrayProbability > 0 && layout.Channels == 3 && Stream(position, view, Operation.Gray).NextBernoulli(Options.GrayProbability))
            ColorOperations.Gray(result);
        if (Options.Blur is { } blur)
        {
            SplitMix64 random = Stream(position, view, Operation.Blur);
            if (random.NextBernoulli(blur.Probability))
                workspace.Blur.Apply(result, layout.OutHeight, layout.OutWidth, KernelSize(blur, layout), random.NextBetween(blur.MinSigma, blur.MaxSigma));
        }

        if (Options.Solarize is { } solarize && Stream(position, view, Operation.Solarize).NextBernoulli(solarize.Probability))
            ColorOperations.Solarize(result, (float)solarize.Threshold);
        if (Options.Erase is { } erase)
            Erase(erase, Stream(position, view, Operation.Erase), result, layout);
        // Interpolation and blur can pass an end by a rounding error.
        if (float.IsFinite(_lower) || float.IsFinite(_upper))
            ColorOperations.Clip(result, _lower, _upper);
    }

    private SplitMix64 Stream(long position, int view, Operation operation) => new(_seed, position, ((long)view << 8) | (long)operation);

    private PixelMap DrawMap(Layout layout, long position, int view)
    {
        (int height, int width) = (layout.Height, layout.Width);
        PixelMap map = PixelMap.Identity;
        if (Options.ResizedCrop is { } resized)
        {
            SplitMix64 random = Stream(position, view, Operation.Crop);
            map = DrawBox(resized, ref random, layout);
        }
        else if (Options.PaddedCrop is { } padded)
        {
            SplitMix64 random = Stream(position, view, Operation.Crop);
            map = map with { X0 = random.NextBelow((2 * padded.Padding) + 1) - padded.Padding, Y0 = random.NextBelow((2 * padded.Padding) + 1) - padded.Padding };
        }

        if (Options.FlipProbability > 0 && Stream(position, view, Operation.Flip).NextBernoulli(Options.FlipProbability))
            map = map.Flipped(layout.OutWidth);
        if (Options.Affine is { } affine)
        {
            SplitMix64 random = Stream(position, view, Operation.Affine);
            double angle = double.DegreesToRadians(random.NextBetween(-affine.Rotation, affine.Rotation));
            double scale = random.NextBetween(affine.MinScale, affine.MaxScale);
            double shear = double.DegreesToRadians(random.NextBetween(-affine.Shear, affine.Shear));
            (double x, double y) = (random.NextBetween(-affine.Shift, affine.Shift) * width, random.NextBetween(-affine.Shift, affine.Shift) * height);
            map = map.After(angle, scale, shear, x, y, width, height);
        }

        return map;
    }

    private static PixelMap DrawBox(ResizedCropOptions options, ref SplitMix64 random, Layout layout)
    {
        (double height, double width) = (layout.Height, layout.Width);
        double area = height * width;
        for (int trial = 0; trial < CropTrials; trial++)
        {
            double boxArea = area * random.NextBetween(options.MinArea, options.MaxArea);
            double aspect = Math.Exp(random.NextBetween(Math.Log(options.MinAspect), Math.Log(options.MaxAspect)));
            (double boxWidth, double boxHeight) = (Math.Sqrt(boxArea * aspect), Math.Sqrt(boxArea / aspect));
            // A whole square image passes in spite of the rounding of its root.
            if (boxWidth <= width + 1e-9 && boxHeight <= height + 1e-9)
            {
                (boxWidth, boxHeight) = (Math.Min(boxWidth, width), Math.Min(boxHeight, height));
                (double left, double top) = (random.NextDouble() * (width - boxWidth), random.NextDouble() * (height - boxHeight));
                return PixelMap.Crop(left, top, boxWidth, boxHeight, layout.OutWidth, layout.OutHeight);
            }
        }

        double legal = Math.Clamp(width / height, options.MinAspect, options.MaxAspect);
        (double w, double h) = legal > width / height ? (width, width / legal) : (height * legal, height);
        return PixelMap.Crop((width - w) / 2, (height - h) / 2, w, h, layout.OutWidth, layout.OutHeight);
    }

    private static void Jitter(ColorJitterOptions options, SplitMix64 random, Span<float> image, int channels)
    {
        if (!random.NextBernoulli(options.Probability))
            return;
        float brightness = Factor(options.Brightness), contrast = Factor(options.Contrast), saturation = Factor(options.Saturation);
        float hue = (float)random.NextBetween(-options.Hue, options.Hue);
        Span<int> order = [0, 1, 2, 3];
        random.Shuffle(order);
        foreach (int operation in order)
        {
            switch (operation)
            {
                case 0 when options.Brightness > 0:
                    ColorOperations.Brightness(image, brightness);
                    break;
                case 1 when options.Contrast > 0:
                    ColorOperations.Contrast(image, channels, contrast);
                    break;
                case 2 when options.Saturation > 0 && channels == 3:
                    ColorOperations.Saturation(image, saturation);
                    break;
                case 3 when options.Hue > 0 && channels == 3:
                    ColorOperations.Hue(image, hue);
                    break;
            }
        }

        float Factor(double strength) => (float)random.NextBetween(Math.Max(0, 1 - strength), 1 + strength);
    }

    private static void Erase(RandomEraseOptions options, SplitMix64 random, Span<float> image, Layout layout)
    {
        if (!random.NextBernoulli(options.Probability))
            return;
        int height = options.Size ?? 0, width = height;
        for (int trial = 0; options.Size is null && trial < CropTrials; trial++)
        {
            double area = layout.OutHeight * layout.OutWidth * random.NextBetween(options.MinArea, options.MaxArea);
            double aspect = Math.Exp(random.NextBetween(Math.Log(options.MinAspect), Math.Log(options.MaxAspect)));
            (int h, int w) = ((int)Math.Round(Math.Sqrt(area * aspect)), (int)Math.Round(Math.Sqrt(area / aspect)));
            if (h >= 1 && w >= 1 && h < layout.OutHeight && w < layout.OutWidth)
            {
                (height, width) = (h, w);
                break;
            }
        }

        if (height == 0)
            return;
        int top = random.NextBelow(layout.OutHeight - height + 1), left = random.NextBelow(layout.OutWidth - width + 1);
        for (int c = 0; c < layout.Channels; c++)
        {
            for (int y = top; y < top + height; y++)
                image.Slice((((c * layout.OutHeight) + y) * layout.OutWidth) + left, width).Fill((float)options.Fill);
        }
    }

    private static int KernelSize(GaussianBlurOptions options, Layout layout) => options.KernelSize ?? ((Math.Min(layout.OutHeight, layout.OutWidth) / 10) | 1);

    private readonly record struct Layout(int Channels, int Height, int Width, int OutHeight, int OutWidth)
    {
        public int InSize => Channels * Height * Width;

        public int OutSize => Channels * OutHeight * OutWidth;
    }

    private sealed class Workspace
    {
        public BilinearResampler Resampler { get; } = new();

        public SeparableBlur Blur { get; } = new();

        public AutoAugment AutoAugment { get; } = new();
    }
}
