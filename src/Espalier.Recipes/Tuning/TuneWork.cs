using System.Globalization;
using Espalier.Recipes.Engine;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Tuning;

/// <summary>What a search of options found, as a part of the report.</summary>
internal sealed class TuneWork : RecordedWork<TuneRecord>
{
    public override string Key => "tune";

    public override IEnumerable<(string Name, double Value)> Numbers(TuneRecord record)
    {
        yield return ("tune.best", record.Best.Value);
        yield return ("tune.trials", record.Trials.Count);
        yield return ("tune.diverged", record.Trials.Count(t => double.IsNaN(t.Value)));
        yield return ("tune.seconds", record.Trials.Sum(t => double.IsNaN(t.Seconds) ? 0 : t.Seconds));
    }

    public override IEnumerable<SummaryCard> Cards(TuneRecord record)
    {
        yield return new(Format.Number(record.Best.Value, 4), $"best validation {record.Metric}", $"of {record.Trials.Count} trainings");
        TuneTrial[] whole = [.. record.Trials.Where(t => t.Length >= 1 && !double.IsNaN(t.Value))];
        double median = whole.Select(t => t.Value).Order().ElementAt(whole.Length / 2);
        yield return new(Format.Number(median, 4), $"median validation {record.Metric}", "of the settings trained at full length");
    }

    public override void Write(TuneRecord record, HtmlReport report, ReportContext context)
    {
        report.Section("Tuning", $"{record.Trials.Count} trainings, judged by the {record.Metric} of the validation split; the test split took no part. The best setting: {string.Join(", ", record.Best.Assignments.Select(a => $"{a.Key} = {a.Value}"))}.");
        TuneTrial[] whole = [.. record.Trials.Where(t => t.Length >= 1 && !double.IsNaN(t.Value))];
        report.Panels([.. record.Best.Assignments.Keys.Where(k => whole.All(t => Number(t.Assignments[k]) is not null)).Select(k => (k, Scatter(record, whole, k), (string?)null))]);
        IEnumerable<TuneTrial> ordered = record.Trials.OrderByDescending(t => t.Length).ThenBy(t => double.IsNaN(t.Value) ? double.PositiveInfinity : record.Maximize ? -t.Value : t.Value);
        report.Table([.. record.Best.Assignments.Keys, "length", record.Metric, "weights", "seconds"], ordered.Select(t => (IReadOnlyList<string>)
        [
            .. record.Best.Assignments.Keys.Select(k => Number(t.Assignments[k]) is { } number ? number.ToString("G4", CultureInfo.InvariantCulture) : t.Assignments[k]),
            Format.Percent(t.Length), double.IsNaN(t.Value) ? "diverged" : Format.Number(t.Value, 4), double.IsNaN(t.Parameters) ? "" : Format.Count((long)t.Parameters), double.IsNaN(t.Seconds) ? "" : Format.Number(t.Seconds, 1),
        ]));
    }

    private static string Scatter(TuneRecord record, TuneTrial[] trials, string option)
    {
        double[] values = [.. trials.Select(t => Number(t.Assignments[option])!.Value)];
        bool isLog = values.Min() > 0 && values.Max() > 20 * values.Min();
        return new LineChart
        {
            Description = $"{record.Metric} over {option}",
            XLabel = isLog ? $"log10 of {option}" : option,
            YLabel = record.Metric,
            Series = [.. trials.Zip(values).Select(p => new ChartSeries("", [(isLog ? Math.Log10(p.Second) : p.Second, p.First.Value)]) { Markers = true })],
        }.ToSvg();
    }

    private static double? Number(string json) => double.TryParse(json, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null;
}
