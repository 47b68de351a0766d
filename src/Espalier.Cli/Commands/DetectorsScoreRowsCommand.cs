using System.ComponentModel;
using System.Globalization;
using System.Text;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Tabular;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Metrics;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier detectors score-rows</c>: what a kept detector of rows says of a table.</summary>
internal sealed class DetectorsScoreRowsCommand : EspalierCommand<DetectorsScoreRowsCommand.Settings>
{
    private const int Shown = 10;

    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<DETECTOR>")]
        [Description("What espalier detectors fit-rows kept.")]
        public string Detector { get; init; } = "";

        [CommandArgument(1, "<TABLE>")]
        [Description("Rows with the same columns: a CSV file, a .npy table, the array X of an .npz archive, or a table of the catalogue.")]
        public string Table { get; init; } = "";

        [CommandOption("--fdr <SHARE>")]
        [Description("Flag rows so that at most this share of the flagged is ordinary (Benjamini-Hochberg), instead of by the threshold.")]
        public double? FalseDiscoveries { get; init; }

        [CommandOption("--decimal-mark <MARK>")]
        [Description("What stands before the fraction of a number in a CSV file: . (default) or a comma.")]
        public string? DecimalMark { get; init; }

        [CommandOption("--missing <TEXT>")]
        [Description("A cell that stands for a missing value, instead of an empty one, ?, NA, N/A, NaN and null; may be given several times.")]
        public string[] Missing { get; init; } = [];

        [CommandOption("--bad-rows <RULE>")]
        [Description("Rows with a missing value or a category that the detector does not know: leaveOut, which reports them and scores the others (default), or refuse the file.")]
        public string? BadRows { get; init; }

        [CommandOption("--anomaly <VALUE>")]
        [Description("The label of unusual rows, where the table has labels: measures how well they are told apart.")]
        public string? Anomaly { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        TabularDetector detector = TabularDetector.Load(settings.Detector);
        var form = new NumericTableOptions
        {
            DecimalMark = settings.DecimalMark ?? ".",
            Missing = settings.Missing.Length > 0 ? settings.Missing : null,
            BadRows = Choice.Parse<BadRows>("bad-rows", settings.BadRows) ?? BadRows.LeaveOut,
        };
        NumericTable table = detector.Schema is { } schema ? NumericTable.OpenAs(settings.Table, schema, form) : NumericTable.Open(settings.Table, form);
        foreach (string warning in table.Warnings)
            session.Terminal.Line($"warning   {warning}");
        double[] scores = detector.Score(table.Rows);
        var calibration = new ConformalCalibration(detector.Calibration);
        double[] pValues = [.. scores.Select(calibration.PValue)];
        DetectionThreshold? threshold = detector.Threshold;
        bool[] flagged = settings.FalseDiscoveries is { } q ? BenjaminiHochberg.Reject(pValues, q) : [.. scores.Select(s => threshold?.IsAnomalous(s) == true)];
        var rows = scores.Select((score, i) => new { Row = table.Numbers[i], Score = score, PValue = pValues[i], Anomalous = flagged[i] }).ToArray();
        if (settings.Out is { } path)
        {
            var text = new StringBuilder("row,score,p_value,anomalous\n");
            foreach (var row in rows)
                text.Append(CultureInfo.InvariantCulture, $"{row.Row},{row.Score:R},{row.PValue:R},{(row.Anomalous ? 1 : 0)}\n");
            AtomicFile.Replace(path, text.ToString());
            session.Terminal.Line($"scores    {path}");
        }

        Table shown = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("row (from 0)").RightAligned()).AddColumn(new TableColumn("score").RightAligned())
            .AddColumn(new TableColumn("p").RightAligned()).AddColumns("", "nearest training rows (from 0)");
        foreach ((int at, var row) in rows.Index().OrderByDescending(r => r.Item.Score).Take(Shown))
        {
            double[] values = [.. Enumerable.Range(0, table.Rows.GetLength(1)).Select(j => table.Rows[at, j])];
            shown.AddRow(row.Row.ToString(CultureInfo.InvariantCulture), row.Score.ToString("0.####", CultureInfo.InvariantCulture), row.PValue.ToString("0.####", CultureInfo.InvariantCulture),
                row.Anomalous ? "anomalous" : "", string.Join(", ", detector.Nearest(values).Select(n => string.Create(CultureInfo.InvariantCulture, $"{n.Number} ({n.Distance:0.##})"))));
        }

        session.Terminal.Show(shown);
        string rule = settings.FalseDiscoveries is { } share ? string.Create(CultureInfo.InvariantCulture, $"at most {share:P1} of them ordinary on average")
            : string.Create(CultureInfo.InvariantCulture, $"above {threshold?.Value ?? double.NaN:0.####}; ordinary rows raise at most {detector.FalseAlarms ?? double.NaN:P2}");
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{flagged.Count(f => f):N0} of {rows.Length:N0} rows are anomalous: {rule}"));
        if (table.LeftOut.Count > 0)
            session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{table.LeftOut.Count:N0} rows left out, the first: line {table.LeftOut[0].Line} (row {table.LeftOut[0].Row + 1}), {table.LeftOut[0].Problem}"));
        (double Auroc, double AveragePrecision)? quality = null;
        if (settings.Anomaly is { } unusual)
        {
            IReadOnlyList<string> labels = table.Labels ?? throw new DataException(settings.Table, "has no labels", "give a table with the label column that the detector was fitted with");
            bool[] positives = [.. labels.Select(l => l == unusual)];
            quality = (Auroc.Of(scores, positives), AveragePrecision.Of(scores, positives));
            session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"AUROC {quality.Value.Auroc:0.0000}, average precision {quality.Value.AveragePrecision:0.0000} for label {unusual}"));
        }

        session.Terminal.Result(new { Detector = detector.Name, Threshold = threshold?.Value, quality?.Auroc, quality?.AveragePrecision, Rows = rows, table.LeftOut, table.Warnings });
        (detector as IDisposable)?.Dispose();
        return Done;
    }
}
