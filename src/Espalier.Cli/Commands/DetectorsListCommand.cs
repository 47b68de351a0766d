using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Outliers;
using Espalier.Anomaly.Tabular;
using Spectre.Console;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier detectors list</c>: the detectors that have names, those of networks and those of table rows, and the outliers.</summary>
internal sealed class DetectorsListCommand : EspalierCommand<GlobalSettings>
{
    protected override int Execute(GlobalSettings settings, Session session)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns("detector", "needs", "settings", "what it is", "paper");
        foreach (DetectorInfo detector in DetectorCatalog.All)
            table.AddRow(detector.Name, Needs(detector.Needs), Markup.Escape(string.Join(" ", detector.Settings)), Markup.Escape(detector.Title), Markup.Escape(detector.Paper));
        session.Terminal.Show(table);
        session.Terminal.Line("several at once: ensemble:energy+knn:k=50");
        session.Terminal.Line($"of table rows: {string.Join(", ", TabularDetector.Names)}");
        session.Terminal.Line("of images without a model: deep-svdd, by espalier detectors fit-images");
        session.Terminal.Line($"outliers to report on: {string.Join(", ", OutlierGenerator.NamesFor(OutlierUse.Test))}");
        session.Terminal.Line($"outliers to choose by: {string.Join(", ", OutlierGenerator.NamesFor(OutlierUse.Validation))}");
        session.Terminal.Result(DetectorCatalog.All.Select(d => new { d.Name, d.Title, d.Paper, Needs = Needs(d.Needs), d.Settings }));
        return Done;
    }

    private static string Needs(DetectorNeeds needs) => needs == DetectorNeeds.None ? "probabilities" : needs.ToString().ToLowerInvariant();
}
