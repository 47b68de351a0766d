using System.ComponentModel;
using System.Globalization;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.OneClass;
using Espalier.Cli.Output;
using Espalier.Errors;
using Espalier.Metrics;
using Espalier.Recipes.Detection;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier detectors score-images</c>: what a kept detector of images says of others.</summary>
internal sealed class DetectorsScoreImagesCommand : EspalierCommand<DetectorsScoreImagesCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<DETECTOR>")]
        [Description("What espalier detectors fit-images kept.")]
        public string Detector { get; init; } = "";

        [CommandArgument(1, "<IMAGES>")]
        [Description("A data set of the catalogue, its test part where it has one, or a folder of pictures.")]
        public string Images { get; init; } = "";

        [CommandOption("--count <N>")]
        [Description("How many images, at most.")]
        public int? Count { get; init; }

        [CommandOption("--normal <CLASS>")]
        [Description("The class of ordinary images, where there are classes: measures how well all others are told from it.")]
        public string? Normal { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        using ImageDeepSvdd detector = ImageDeepSvdd.Load(settings.Detector, session.Device);
        using ImageSet images = ImageSet.Open(settings.Images, detector.InputShape, forTraining: false, settings.Count);
        using Tensor scored = detector.Score(images.Images);
        double[] scores = [.. scored.data<double>()];
        DetectionThreshold? threshold = detector is { FalseAlarms: { } share, Calibration.Count: > 0 } ? DetectionThreshold.Conformal(detector.Calibration, share) : null;
        DetectorVerdict[] rows = DetectorVerdict.Of(scores, detector.Calibration, threshold, images.Labels);
        if (settings.Out is { } path)
        {
            DetectorVerdict.Write(path, rows);
            session.Terminal.Line($"scores    {path}");
        }

        int alarms = rows.Count(r => r.Anomalous == true);
        session.Terminal.Line(threshold is { } limit
            ? string.Create(CultureInfo.InvariantCulture, $"{alarms:N0} of {rows.Length:N0} images are anomalous: above {limit.Value:0.######}; ordinary images raise at most {detector.FalseAlarms:P2}")
            : string.Create(CultureInfo.InvariantCulture, $"{rows.Length:N0} scored; the file holds no threshold"));
        if (images.LeftOut > 0)
            session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{images.LeftOut:N0} files left out: they are no pictures"));
        double? auroc = null;
        if (settings.Normal is { } ordinary)
        {
            IReadOnlyList<string> labels = images.Labels ?? throw new DataException(settings.Images, "has no classes", "leave out --normal, or name a data set");
            if (!labels.Contains(ordinary))
                throw new NotFoundException("class", ordinary, labels.Distinct());
            auroc = Auroc.Of(scores, [.. labels.Select(l => l != ordinary)]);
            session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"AUROC {auroc:0.0000} of all other classes against {ordinary}"));
        }

        session.Terminal.Result(new { Detector = detector.Name, Threshold = threshold?.Value, Auroc = auroc, Images = rows, images.LeftOut });
        return Done;
    }
}
