using System.ComponentModel;
using System.Globalization;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Detectors;
using Espalier.Recipes;
using Espalier.Recipes.Detection;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier detectors fit</c>: fits a detector on a model, chooses a threshold that holds, and keeps both in a file.</summary>
internal sealed class DetectorsFitCommand : EspalierCommand<DetectorsFitCommand.Settings>
{
    internal sealed class Settings : DetectorTargetSettings
    {
        [CommandOption("--detector <NAME>")]
        [Description("Which, such as energy or knn:k=50; see espalier detectors list.")]
        public string Detector { get; init; } = new DetectorFitOptions().Detector;

        [CommandOption("--fpr <SHARE>")]
        [Description("The share of in-distribution inputs that may raise an alarm; 0.05 where left out.")]
        public double? FalseAlarms { get; init; }

        [CommandOption("--examples <N>")]
        [Description("Training samples kept to be shown beside an alarm; 1,000 where left out.")]
        public int? Examples { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        var defaults = new DetectorFitOptions();
        var options = new DetectorFitOptions
        {
            Detector = settings.Detector,
            Fit = settings.Fit,
            Layer = settings.Layer,
            FalseAlarms = settings.FalseAlarms ?? defaults.FalseAlarms,
            Examples = settings.Examples ?? defaults.Examples,
        };
        options.Validate();
        string path = settings.Out ?? "detector.zip";
        using AuditTarget target = settings.Open(session.Device);
        using DetectionModel model = DetectionModel.Of(target.Classifier, settings.Layer);
        (Detector detector, DetectionThreshold threshold) = DetectorFit.Run(target, model, options, session.Stop);
        using (detector)
        {
            detector.Save(path);
            session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"threshold {threshold.Value:0.####}: at most {options.FalseAlarms:P2} false alarms, chosen on {detector.Calibration.Count:N0} held-out samples"));
            session.Terminal.Line($"detector  {path}");
            session.Terminal.Result(new { Detector = detector.Rule.Text, Path = path, Threshold = threshold.Value, options.FalseAlarms, CalibrationSamples = detector.Calibration.Count });
        }

        return Done;
    }
}
