using System.ComponentModel;
using System.Globalization;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Exposure;
using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Recipes;
using Espalier.Recipes.Detection;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier detectors outliers</c>: what sets of outliers are good for before a model is exposed to them.</summary>
internal sealed class DetectorsOutliersCommand : EspalierCommand<DetectorsOutliersCommand.Settings>
{
    internal sealed class Settings : DetectorTargetSettings
    {
        [CommandOption("--set <SOURCE>")]
        [Description("A data set, a generator, a folder of pictures or a table; may be given several times.")]
        public string[] Sets { get; init; } = [];

        [CommandOption("--detector <NAME>")]
        [Description("What tells outliers before the exposure; msp where left out.")]
        public string Detector { get; init; } = "msp";

        [CommandOption("--count <N>")]
        [Description("How many outliers of each set, at most.")]
        public int? Count { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        OptionsException.Require(settings.Sets.Length > 0, "set", null, "must name at least one set of outliers, such as --set notmnist");
        OptionsException.Require(settings.Count is null or >= 1, "count", settings.Count, "must be at least 1");
        using AuditTarget target = settings.Open(session.Device);
        using DetectionModel model = DetectionModel.Of(target.Classifier, target.Classifier is TorchClassifier ? settings.Layer : null);
        using var detector = Espalier.Anomaly.Detectors.Detector.Create(settings.Detector, model.Classifier);
        Dataset train = target.Splits.Train;
        if (detector.Rule.Needs.HasFlag(DetectorNeeds.Fit))
        {
            using LabelledBatch fit = train.First(settings.Fit);
            detector.Fit(fit.Inputs, fit.Labels, session.Stop);
        }

        Table table = new Table().Border(TableBorder.Simple).AddColumns("outliers", "count", "distinct", "in training", "directions", $"told by {settings.Detector}", "against it");
        var found = new List<object>();
        foreach (string set in settings.Sets)
        {
            using var scope = torch.NewDisposeScope();
            Tensor inputs = DetectionModel.Load(target, OutlierSource.OpenForTraining(set), settings.Count, settings.Seed ?? 0, train);
            using var outliers = new Dataset(set, inputs.clone(), torch.zeros(inputs.shape[0], dtype: torch.int64, device: inputs.device), ["outlier"], train.Bounds);
            OutlierSetReport report = OutlierSetReport.Of(outliers, train, detector);
            table.AddRow(Markup.Escape(set), Text(report.Count), Text(report.Distinct), Text(report.InTraining),
                string.Create(CultureInfo.InvariantCulture, $"{report.Directions:0.0} (training {report.TrainingDirections:0.0})"), string.Create(CultureInfo.InvariantCulture, $"{report.AlreadyTold:P0}"),
                Markup.Escape(report.Warnings.Count == 0 ? "nothing" : string.Join("; ", report.Warnings)));
            found.Add(new { Set = set, Report = report });
        }

        session.Terminal.Show(table);
        session.Terminal.Result(found);
        return Done;
    }

    private static string Text(int count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
