using System.ComponentModel;
using System.Globalization;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Outliers;
using Espalier.Cli.Output;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Recipes;
using Espalier.Recipes.Detection;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier detectors score</c>: what a kept detector says of inputs.</summary>
internal sealed class DetectorsScoreCommand : EspalierCommand<DetectorsScoreCommand.Settings>
{
    private const string TestSplit = "test";

    internal sealed class Settings : DetectorTargetSettings
    {
        [CommandOption("--with <FILE>")]
        [Description("The detector that espalier detectors fit kept; detector.zip where left out.")]
        public string Detector { get; init; } = "detector.zip";

        [CommandOption("--inputs <SOURCE>")]
        [Description("A data set, a folder of pictures, a table, a generator; the model's test samples where left out.")]
        public string Inputs { get; init; } = TestSplit;

        [CommandOption("--count <N>")]
        [Description("How many inputs, at most.")]
        public int? Count { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        OptionsException.Require(settings.Count is null or >= 1, "count", settings.Count, "must be at least 1");
        string? layer = settings.Layer ?? Espalier.Anomaly.Detectors.Detector.LayerOf(settings.Detector);
        using AuditTarget target = settings.Open(session.Device);
        using DetectionModel model = DetectionModel.Of(target.Classifier, target.Classifier is TorchClassifier ? layer : null);
        using Detector detector = Espalier.Anomaly.Detectors.Detector.Load(settings.Detector, model.Classifier);
        using var scope = torch.NewDisposeScope();
        Tensor inputs = settings.Inputs == TestSplit
            ? target.Splits.Test.First(settings.Count).Inputs
            : DetectionModel.Load(target, OutlierSource.Open(settings.Inputs), settings.Count, settings.Seed ?? 0, target.Splits.Test);
        double[] scores = detector.Score(inputs).data<double>().ToArray();
        DetectionThreshold? threshold = detector is { FalseAlarms: { } share, Calibration.Count: > 0 } ? DetectionThreshold.Conformal(detector.Calibration, share) : null;
        DetectorVerdict[] rows = DetectorVerdict.Of(scores, detector.Calibration, threshold);
        if (settings.Out is { } path)
        {
            DetectorVerdict.Write(path, rows);
            session.Terminal.Line($"scores    {path}");
        }

        int alarms = rows.Count(r => r.Anomalous == true);
        session.Terminal.Line(threshold is { } limit
            ? string.Create(CultureInfo.InvariantCulture, $"{alarms:N0} of {rows.Length:N0} above {limit.Value:0.####}: {(double)alarms / rows.Length:P1}; {detector.FalseAlarms:P2} is what in-distribution inputs raise")
            : string.Create(CultureInfo.InvariantCulture, $"{rows.Length:N0} scored, {scores.Average():0.####} on average; the file holds no threshold"));
        session.Terminal.Result(rows);
        return Done;
    }
}
