using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.OneClass;
using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Recipes.Detection;

/// <summary>From ordinary images to a detector with a threshold that holds: some are learned from, others are held out to choose it on.</summary>
public static class ImageFit
{
    private const long Purpose = 0x696d6773;

    /// <summary>Fits and calibrates.</summary>
    /// <param name="images">Ordinary images, [n, channels, height, width].</param>
    /// <param name="options">The detector and the promise.</param>
    /// <param name="device">Where it is trained, and lives afterwards.</param>
    /// <param name="progress">Told how much is done, in [0, 1].</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The detector, calibrated, and its threshold; the caller's.</returns>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="DataException">There are too few images for the promise; the message says how many are needed.</exception>
    public static (ImageDeepSvdd Detector, DetectionThreshold Threshold) Run(Tensor images, ImageFitOptions options, torch.Device device, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        options.Validate();
        using var scope = torch.NewDisposeScope();
        int[] order = [.. Enumerable.Range(0, (int)images.shape[0])];
        new SplitMix64(options.Svdd.Seed, Purpose).Shuffle(order);
        int held = Math.Clamp((int)Math.Round(options.CalibrationShare * order.Length), 1, Math.Max(1, order.Length - 1));

        // Whether there are enough is known before anything is fitted.
        _ = DetectionThreshold.Conformal([.. Enumerable.Range(0, held).Select(i => (double)i)], options.FalseAlarms);
        var detector = new ImageDeepSvdd(options.Svdd) { FalseAlarms = options.FalseAlarms };
        try
        {
            detector.Fit(images.index_select(0, torch.tensor(order[held..].Order().ToArray(), dtype: torch.int64)).to(device), progress, cancellationToken);
            detector.Calibrate(images.index_select(0, torch.tensor(order[..held].Order().ToArray(), dtype: torch.int64)));
            return (detector, DetectionThreshold.Conformal(detector.Calibration, options.FalseAlarms));
        }
        catch
        {
            detector.Dispose();
            throw;
        }
    }
}
