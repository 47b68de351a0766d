using System.ComponentModel;
using System.Globalization;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.OneClass;
using Espalier.Cli.Output;
using Espalier.Errors;
using Espalier.Recipes.Detection;
using Espalier.Recipes.Engine;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier detectors fit-images</c>: Deep SVDD on ordinary images, without labels or a model, with a threshold that holds.</summary>
internal sealed class DetectorsFitImagesCommand : EspalierCommand<DetectorsFitImagesCommand.Settings>
{
    private const string Stage = "train";

    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<IMAGES>")]
        [Description("Images that are mostly ordinary: a data set of the catalogue or a folder of pictures.")]
        public string Images { get; init; } = "";

        [CommandOption("--class <NAME>")]
        [Description("Of a data set, the images of this class only.")]
        public string? Class { get; init; }

        [CommandOption("--shape <SHAPE>")]
        [Description("What images are brought to, such as 1x28x28; needed for a folder.")]
        public string? Shape { get; init; }

        [CommandOption("--count <N>")]
        [Description("How many images, at most.")]
        public int? Count { get; init; }

        [CommandOption("--soft-boundary")]
        [Description("Learn a sphere that may leave a share of the images outside, instead of making all distances small.")]
        public bool SoftBoundary { get; init; }

        [CommandOption("--nu <SHARE>")]
        [Description("That share; 0.1 where left out.")]
        public double? Nu { get; init; }

        [CommandOption("--epochs <N>")]
        [Description("Passes over the images; 150 where left out.")]
        public int? Epochs { get; init; }

        [CommandOption("--pretraining-epochs <N>")]
        [Description("Passes in which an autoencoder learns first; 150 where left out, 0 for none.")]
        public int? PretrainingEpochs { get; init; }

        [CommandOption("--fpr <SHARE>")]
        [Description("The share of ordinary images that may raise an alarm; 0.05 where left out.")]
        public double? FalseAlarms { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        var defaults = new ImageFitOptions();
        OptionsException.Require(settings.Nu is null || settings.SoftBoundary, "nu", settings.Nu, "belongs to --soft-boundary");
        var options = new ImageFitOptions
        {
            Svdd = defaults.Svdd with
            {
                SoftBoundary = settings.SoftBoundary,
                Nu = settings.Nu ?? defaults.Svdd.Nu,
                Epochs = settings.Epochs ?? defaults.Svdd.Epochs,
                PretrainingEpochs = settings.PretrainingEpochs ?? defaults.Svdd.PretrainingEpochs,
                Seed = settings.Seed ?? defaults.Svdd.Seed,
            },
            FalseAlarms = settings.FalseAlarms ?? defaults.FalseAlarms,
        };
        options.Validate();
        string kept = settings.Out ?? "detector.zip";
        using ImageSet images = ImageSet.Open(settings.Images, settings.Shape is { } text ? Dimensions.Parse("shape", text) : null, forTraining: true, settings.Count, settings.Class);
        (ImageDeepSvdd detector, DetectionThreshold threshold) = StageDisplay.Show(session.Terminal, progress =>
        {
            var fitted = ImageFit.Run(images.Images, options, session.Device, new Share(progress), session.Stop);
            progress.Report(new StageProgress(Stage, 1, string.Create(CultureInfo.InvariantCulture, $"{fitted.Detector.Name} learned from {images.Images.shape[0] - fitted.Detector.Calibration.Count:N0} images of [{string.Join(", ", fitted.Detector.InputShape)}]{(images.LeftOut > 0 ? $"; {images.LeftOut:N0} files left out" : "")}")));
            return fitted;
        });
        using (detector)
        {
            detector.Save(kept);
            session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"threshold {threshold.Value:0.######}: at most {options.FalseAlarms:P2} false alarms, chosen on {detector.Calibration.Count:N0} held-out images"));
            session.Terminal.Line($"detector  {kept}");
            session.Terminal.Result(new
            {
                Detector = detector.Name,
                Path = kept,
                Images = images.Images.shape[0] - detector.Calibration.Count,
                detector.InputShape,
                images.LeftOut,
                Threshold = threshold.Value,
                options.FalseAlarms,
                detector.SquaredRadius,
                CalibrationImages = detector.Calibration.Count,
            });
        }

        return Done;
    }

    private sealed class Share(IProgress<StageProgress> stages) : IProgress<double>
    {
        public void Report(double value) => stages.Report(new StageProgress(Stage, value));
    }
}
