using System.Globalization;
using Espalier.Recipes.Engine;
using Espalier.Runs.Reports;

namespace OwnArea;

/// <summary>Where to forecast.</summary>
internal sealed record ForecastOptions
{
    /// <summary>The places.</summary>
    public IReadOnlyList<double> At { get; init; } = [-1, 0, 1];
}

/// <summary>What was forecast.</summary>
internal sealed record ForecastRecord(IReadOnlyList<double> At, IReadOnlyList<double> Values);

/// <summary>What the line says at some places: <c>"forecast": { "at": [0, 1] }</c>.</summary>
internal sealed class ForecastStage : RecipeStage<FittedLine, ForecastOptions, ForecastRecord>
{
    public override string Key => "forecast";

    public override ForecastRecord Run(FittedLine model, ForecastOptions options, StageContext context) => new(options.At, [.. options.At.Select(model.At)]);

    public override IEnumerable<(string Name, double Value)> Numbers(ForecastRecord record) =>
        record.At.Zip(record.Values, (x, y) => (string.Create(CultureInfo.InvariantCulture, $"forecast.at{x}"), y));

    public override void Write(ForecastRecord record, HtmlReport report, ReportContext context)
    {
        report.Section("Forecast", "What the line says.");
        report.Panels(("The line", new LineChart { Description = "Forecast", XLabel = "x", YLabel = "y", Series = [new ChartSeries("forecast", [.. record.At.Zip(record.Values)]) { Markers = true }] }.ToSvg(), null));
    }

    public override IEnumerable<SummaryCard> Cards(ForecastRecord record)
    {
        yield return new(record.Values[^1].ToString("0.00", CultureInfo.InvariantCulture), "forecast", string.Create(CultureInfo.InvariantCulture, $"at {record.At[^1]}"));
    }
}
