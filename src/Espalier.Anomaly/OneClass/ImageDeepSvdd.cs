using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Persistence;
using Espalier.Anomaly.Tabular;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Anomaly.OneClass;

/// <summary>
/// Deep SVDD on images (Ruff et al., "Deep One-Class Classification", ICML 2018): a convolutional network without any bias maps ordinary
/// images near a centre that is fixed before the training, the mean representation kept away from zero; what lands far away is unusual. No labels,
/// no outliers. The encoder may learn as half of an autoencoder first. For rows of a table see <see cref="DeepSvdd"/>.
/// </summary>
public sealed class ImageDeepSvdd : IAnomalyDetector, IDisposable
{
    /// <summary>The kind of its files.</summary>
    public const string ArchiveKind = "images";

    private const string DetectorName = "deep-svdd";
    private const double LeastCentre = 0.1;
    private const double LeastSpread = 1e-6;
    private const int ScoringBatch = 512;
    private const int MostSide = 1 << 16;
    private const string WeightPrefix = "weight.";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private SphereEncoder? _encoder;
    private ContrastNormalization? _contrast;
    private Tensor? _centre;

    /// <summary>Creates the detector; it must be fitted.</summary>
    /// <param name="options">The authors' where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public ImageDeepSvdd(ImageDeepSvddOptions? options = null)
    {
        Options = options ?? new();
        Options.Validate();
    }

    /// <inheritdoc/>
    public string Name => DetectorName;

    /// <summary>What it was made with.</summary>
    public ImageDeepSvddOptions Options { get; }

    /// <summary>Shape of one image, [channels, height, width]; empty before the fit.</summary>
    public IReadOnlyList<long> InputShape { get; private set; } = [];

    /// <summary>The centre c; empty before the fit.</summary>
    public IReadOnlyList<double> Centre => _centre is { } centre ? [.. centre.cpu().to(torch.float64).data<double>()] : [];

    /// <summary>Of the soft boundary: R², which 1 - ν of the training images lie within; 0 without one.</summary>
    public double SquaredRadius { get; private set; }

    /// <summary>Scores of held-out ordinary images, ascending: what thresholds are chosen on. Empty before <see cref="Calibrate"/>.</summary>
    public IReadOnlyList<double> Calibration { get; private set; } = [];

    /// <summary>The share of ordinary images that may raise an alarm, in (0, 1); null where it was not chosen.</summary>
    public double? FalseAlarms { get; set; }

    /// <summary>The network, for tests of what it must not have.</summary>
    internal torch.nn.Module? Network => _encoder;

    /// <summary>Learns from ordinary images, on their device.</summary>
    /// <param name="images">[n, channels, height, width].</param>
    /// <param name="progress">Told how much is done, in [0, 1].</param>
    /// <param name="cancellationToken">Stops; the detector is then as it was.</param>
    /// <exception cref="ShapeException">No images, or too small ones.</exception>
    /// <exception cref="DataException">There are fewer than two images, one is not finite, or none has any contrast.</exception>
    /// <exception cref="ModelOutputException">The network has collapsed: it maps all images to one point.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Fit(Tensor images, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        if (images.dim() != 4)
            throw new ShapeException("images", images.shape, "[n, channels, height, width]");
        if (images.shape[0] < 2)
            throw new DataException("training images", $"are {images.shape[0]}", "give at least two, better some hundreds");
        Require(images);
        long[] shape = [.. images.shape[1..]];
        ContrastNormalization contrast = ContrastNormalization.Fit(images);
        var encoder = new SphereEncoder(Options, shape);
        Tensor? centre = null;
        try
        {
            encoder.to(images.device);
            using var data = new InputRows("images", Detached(contrast.Apply(images)));
            double pretraining = Options.PretrainingEpochs / (double)(Options.PretrainingEpochs + Options.Epochs);
            if (Options.PretrainingEpochs > 0)
            {
                using var autoencoder = new SphereAutoencoder(Options, shape);
                autoencoder.to(images.device);
                Train(new ReconstructionObjective(autoencoder), data, Options.PretrainingEpochs, Options.PretrainingWeightDecay, Part(progress, 0, pretraining), cancellationToken);
                encoder.load_state_dict(autoencoder.Encoder.state_dict());
            }

            centre = Centred(encoder, data);
            long warmup = (long)Options.WarmupEpochs * data.Count;
            Train(new SphereObjective(encoder, centre, Options.SoftBoundary ? Options.Nu : null, warmup), data, Options.Epochs, Options.WeightDecay, Part(progress, pretraining, 1), cancellationToken);
            double[] distances = Spread(encoder, centre, data);
            (_encoder, encoder) = (encoder, _encoder!);
            (_centre, centre) = (centre, _centre);
            (_contrast, InputShape, Calibration) = (contrast, shape, []);
            SquaredRadius = Options.SoftBoundary ? Quantile(distances, 1 - Options.Nu) : 0;
        }
        finally
        {
            encoder?.Dispose();
            centre?.Dispose();
        }
    }

    /// <summary>Scores held-out ordinary images, to choose thresholds on.</summary>
    /// <param name="images">[n, channels, height, width].</param>
    /// <exception cref="EspalierException">As <see cref="Score"/>.</exception>
    public void Calibrate(Tensor images)
    {
        using Tensor scores = Score(images);
        Calibration = [.. scores.data<double>().Order()];
    }

    /// <summary>The squared distance from the centre; of the soft boundary less R², so that what lies outside is above 0.</summary>
    /// <inheritdoc/>
    public Tensor Score(Tensor inputs)
    {
        if (_encoder is null || _contrast is null || _centre is null)
            throw new OptionsException("detector", Name, "must be fitted before it scores");
        if (inputs.dim() != 4 || !inputs.shape.AsSpan(1).SequenceEqual([.. InputShape]))
            throw new ShapeException("images", inputs.shape, $"[n, {string.Join(", ", InputShape)}]");
        return BatchedScores.Of(_encoder, inputs, ScoringBatch, batch =>
            (_encoder.call(_contrast.Apply(batch.to(_centre.device))) - _centre).to(torch.float64).square().sum([1L]).cpu() - SquaredRadius);
    }

    /// <summary>Keeps the detector in a file; it is whole or absent.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="OptionsException">It is not fitted.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path)
    {
        OptionsException.Require(_encoder is not null, "detector", Name, "must be fitted before it is kept");
        var arrays = new Dictionary<string, NpyArray>
        {
            ["centre"] = NpyArray.Of(_centre!),
            ["range"] = NpyArray.Of([_contrast!.Lowest, _contrast.Highest]),
            ["radius"] = NpyArray.Of([SquaredRadius]),
        };
        foreach ((string name, Tensor tensor) in _encoder!.state_dict())
            arrays[WeightPrefix + name] = NpyArray.Of(tensor);
        var options = new JsonObject
        {
            ["settings"] = JsonSerializer.SerializeToNode(Options, Json),
            ["inputShape"] = new JsonArray([.. InputShape.Select(s => (JsonNode)s)]),
            ["falseAlarms"] = FalseAlarms,
        };
        new DetectorArchive { Kind = ArchiveKind, Detector = DetectorName, Options = options, Arrays = arrays, Calibration = Calibration }.Write(path);
    }

    /// <summary>Takes a detector from a file; it scores bit for bit as the one that was kept.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where it shall live; the CPU where null.</param>
    /// <exception cref="CheckpointException">The file is missing, damaged, of a newer version or another detector's.</exception>
    public static ImageDeepSvdd Load(string path, torch.Device? device = null)
    {
        DetectorArchive archive = DetectorArchive.Read(path, ArchiveKind);
        CheckpointException Broken(string problem, Exception? error = null) => new(path, problem, "fit the detector again", error);
        if (archive.Detector != DetectorName)
            throw Broken($"holds the detector '{archive.Detector}'");
        ImageDeepSvdd? detector = null;
        try
        {
            ImageDeepSvddOptions options = archive.Options["settings"] is { } settings ? StrictJson.Read<ImageDeepSvddOptions>(settings.ToJsonString(), Json) : throw Broken("lacks its settings");
            options.Validate();
            long[] shape = archive.Options["inputShape"] is JsonArray sizes ? [.. sizes.Select(s => s?.GetValue<long>() ?? 0)] : throw Broken("lacks its input's shape");
            double? share = (double?)archive.Options["falseAlarms"];
            if (share is not (null or (> 0 and < 1)))
                throw Broken("has a share of false alarms outside (0, 1)");
            RequireWeights(options, shape);
            detector = new ImageDeepSvdd(options) { InputShape = shape, FalseAlarms = share, Calibration = archive.Calibration };
            detector._encoder = new SphereEncoder(detector.Options, detector.InputShape);
            using var _ = torch.no_grad();
            using var scope = torch.NewDisposeScope();
            foreach ((string name, Tensor tensor) in detector._encoder.state_dict())
            {
                using Tensor kept = Found(WeightPrefix + name).ToTensor();
                if (!kept.shape.SequenceEqual(tensor.shape) || kept.dtype != tensor.dtype)
                    throw Broken($"has an array '{name}' of shape [{string.Join(", ", kept.shape)}] and type {kept.dtype}, not [{string.Join(", ", tensor.shape)}] and {tensor.dtype}");
                tensor.copy_(kept);
            }

            detector._encoder.to(device ?? torch.CPU);
            detector._encoder.eval();
            if (Found("centre") is not { Type: NpyType.Float32, Shape: [var width] } || width != detector.Options.Representation)
                throw Broken("has a centre of another type or width than its network");
            detector._centre = Found("centre").ToTensor().to(device ?? torch.CPU).DetachFromDisposeScope();
            if (Found("range") is not { Type: NpyType.Float64 } range || range.ToDoubles() is not [var low, var high]
                || Found("radius") is not { Type: NpyType.Float64 } squared || squared.ToDoubles() is not [var radius])
                throw Broken("has a range or a radius of the wrong form");
            (detector._contrast, detector.SquaredRadius) = (new(low, high), radius);
            return detector;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or OptionsException or ShapeException)
        {
            detector?.Dispose();
            throw Broken($"cannot be understood ({error.Message})", error);
        }
        catch
        {
            detector?.Dispose();
            throw;
        }

        // What the options say is compared with the arrays before anything of that size is made.
        void RequireWeights(ImageDeepSvddOptions options, long[] shape)
        {
            if (shape is not [>= 1 and <= MostSide and var channels, >= 1 and <= MostSide and var height, >= 1 and <= MostSide and var width])
                throw Broken($"is of inputs of the shape [{string.Join(", ", shape)}]");
            for (int i = 0; i < options.Channels.Count; i++)
            {
                if (!Found($"{WeightPrefix}convs.{i}.weight").Shape.SequenceEqual([options.Channels[i], channels, options.Kernel, options.Kernel]))
                    throw Broken($"has an array 'convs.{i}.weight' that does not fit its settings");
                (channels, height, width) = (options.Channels[i], height / 2, width / 2);
            }

            if (!Found($"{WeightPrefix}fc.weight").Shape.SequenceEqual([options.Representation, channels * height * width]))
                throw Broken("has an array 'fc.weight' that does not fit its settings");
        }

        NpyArray Found(string name) => archive.Arrays.TryGetValue(name, out NpyArray? array) ? array : throw Broken($"lacks its array '{name}'");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _encoder?.Dispose();
        _centre?.Dispose();
    }

    private static void Require(Tensor images)
    {
        using var scope = torch.NewDisposeScope();
        Tensor bad = images.flatten(1).isfinite().all(1).logical_not().nonzero();
        if (bad.numel() > 0)
            throw new DataException("training images", $"image {bad[0, 0].ToInt64()} holds a value that is not finite", "leave the image out");
    }

    private void Train(Objective<InputBatch> objective, InputRows data, int epochs, double decay, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var trainer = new Trainer(new TrainerOptions
        {
            Length = Duration.Epochs(epochs),
            BatchSize = (int)Math.Min(Options.BatchSize, data.Count),
            Seed = Options.Seed,
            Optimizer = new OptimizerOptions { Kind = OptimizerKind.Adam, LearningRate = Options.LearningRate, WeightDecay = decay },
        });
        using TrainingResult result = trainer.Fit(objective, data, new() { Progress = progress }, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    // The mean representation, each value at least ε from zero: a centre at zero is reached by weights of zero.
    private static Tensor Centred(SphereEncoder encoder, InputRows data)
    {
        using var scope = torch.NewDisposeScope();
        Tensor mean = Represented(encoder, data).mean([0L]);
        Tensor away = torch.where(mean.lt(0), torch.full_like(mean, -LeastCentre), torch.full_like(mean, LeastCentre));
        return torch.where(mean.abs().lt(LeastCentre), away, mean).DetachFromDisposeScope();
    }

    // The squared distances, where there is any spread.
    private static double[] Spread(SphereEncoder encoder, Tensor centre, InputRows data)
    {
        using var scope = torch.NewDisposeScope();
        Tensor z = Represented(encoder, data);
        double spread = z.std(0).max().ToDouble();
        if (!(spread > LeastSpread))
            throw new ModelOutputException("the representation of Deep SVDD", $"has collapsed: its largest standard deviation is {spread:0.##e0}", "train for fewer epochs, with a lower learning rate or less weight decay");
        return [.. (z - centre).to(torch.float64).square().sum([1L]).cpu().data<double>()];
    }

    // [n, representation], in evaluation mode.
    private static Tensor Represented(SphereEncoder encoder, InputRows data)
    {
        using var _ = torch.no_grad();
        encoder.eval();
        var parts = new List<Tensor>();
        foreach (InputBatch batch in data.InBatches(ScoringBatch))
        {
            using var scope = torch.NewDisposeScope();
            parts.Add(encoder.call(batch.Inputs).MoveToOuterDisposeScope());
        }

        return torch.cat(parts);
    }

    // The value that as near as can be a share q of the values does not exceed.
    private static double Quantile(double[] values, double q)
    {
        double[] ascending = [.. values.Order()];
        return ascending[Math.Clamp((int)Math.Ceiling(q * ascending.Length) - 1, 0, ascending.Length - 1)];
    }

    private static Tensor Detached(Tensor tensor) => tensor.DetachFromDisposeScope();

    private static Share? Part(IProgress<double>? whole, double from, double to) => whole is null ? null : new Share(whole, from, to);

    private sealed class Share(IProgress<double> whole, double from, double to) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => whole.Report(from + ((to - from) * value.State.SamplesSeen / value.State.TotalSamples));
    }
}
