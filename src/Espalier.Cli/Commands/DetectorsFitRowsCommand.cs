using System.ComponentModel;
using System.Globalization;
using Espalier.Anomaly.Tabular;
using Espalier.Data.Tables;
using Espalier.Errors;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier detectors fit-rows</c>: a detector of unusual rows of a table, without any model, with a threshold that holds.</summary>
internal sealed class DetectorsFitRowsCommand : EspalierCommand<DetectorsFitRowsCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<TABLE>")]
        [Description("Rows that are mostly ordinary: a CSV file with a header, a .npy table, the array X of an .npz archive, or a table of the catalogue, such as adbench-cardio.")]
        public string Table { get; init; } = "";

        [CommandOption("--detector <NAME>")]
        [Description("Which, such as ecod or isolation-forest:trees=200; isolation-forest where left out. See espalier detectors list.")]
        public string Detector { get; init; } = new TabularFitOptions().Detector;

        [CommandOption("--label <COLUMN>")]
        [Description("A column that says what a row is; it is not learned from.")]
        public string? Label { get; init; }

        [CommandOption("--normal <VALUE>")]
        [Description("Learn from the rows with this label only.")]
        public string? Normal { get; init; }

        [CommandOption("--exclude <COLUMN>")]
        [Description("A column to leave out, such as a row number; may be given several times.")]
        public string[] Exclude { get; init; } = [];

        [CommandOption("--categorical <COLUMN>")]
        [Description("A column of categories that look like numbers; may be given several times.")]
        public string[] Categorical { get; init; } = [];

        [CommandOption("--decimal-mark <MARK>")]
        [Description("What stands before the fraction of a number in a CSV file: . (default) or a comma.")]
        public string? DecimalMark { get; init; }

        [CommandOption("--missing <TEXT>")]
        [Description("A cell that stands for a missing value, instead of an empty one, ?, NA, N/A, NaN and null; may be given several times.")]
        public string[] Missing { get; init; } = [];

        [CommandOption("--bad-rows <RULE>")]
        [Description("Rows with a missing value: refuse the file (default) or leaveOut.")]
        public string? BadRows { get; init; }

        [CommandOption("--calibration <TABLE>")]
        [Description("Ordinary rows to choose the threshold on; 30 % of the table where left out.")]
        public string? Calibration { get; init; }

        [CommandOption("--fpr <SHARE>")]
        [Description("The share of ordinary rows that may raise an alarm; 0.05 where left out.")]
        public double? FalseAlarms { get; init; }

        [CommandOption("--delta <PROBABILITY>")]
        [Description("Keep that share for the rows drawn, but for this probability; on average over their draw where left out.")]
        public double? Delta { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        OptionsException.Require(settings.Normal is null || settings.Label is not null || !settings.Table.EndsWith(".csv", StringComparison.OrdinalIgnoreCase), "normal", settings.Normal, "needs --label, the column that it is a value of");
        var form = new NumericTableOptions
        {
            DecimalMark = settings.DecimalMark ?? ".",
            Missing = settings.Missing.Length > 0 ? settings.Missing : null,
            BadRows = Choice.Parse<BadRows>("bad-rows", settings.BadRows) ?? BadRows.Refuse,
        };
        NumericTable table = NumericTable.Open(settings.Table, form with { Label = settings.Label, Exclude = settings.Exclude, Categorical = settings.Categorical });
        foreach (string warning in table.Warnings)
            session.Terminal.Line($"warning   {warning}");
        if (settings.Normal is { } normal)
            table = table.Only(normal);
        var defaults = new TabularFitOptions();
        var options = new TabularFitOptions
        {
            Detector = settings.Detector,
            FalseAlarms = settings.FalseAlarms ?? defaults.FalseAlarms,
            Delta = settings.Delta,
            Seed = settings.Seed ?? defaults.Seed,
        };
        NumericTable? calibration = settings.Calibration is { } path ? NumericTable.OpenAs(path, table.Schema, form) : null;
        TabularDetector detector = TabularFit.Run(table, options, calibration, session.Stop);
        string kept = settings.Out ?? "detector.zip";
        double threshold = detector.Threshold!.Value;
        detector.Save(kept);
        string promise = options.Delta is { } delta ? string.Create(CultureInfo.InvariantCulture, $" with probability {1 - delta:P1}") : "";
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{detector.Name} learned from {detector.TrainingRows:N0} rows of {detector.Width} features{(table.LeftOut.Count > 0 ? $"; {table.LeftOut.Count:N0} rows left out" : "")}"));
        if (detector.ConstantColumns.Count > 0)
            session.Terminal.Line($"constant, so without effect: {string.Join(", ", detector.ConstantColumns.Select(c => detector.ColumnNames[c]))}");
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"threshold {threshold:0.####}: at most {options.FalseAlarms:P2} false alarms{promise}, chosen on {detector.Calibration.Count:N0} held-out rows"));
        session.Terminal.Line($"detector  {kept}");
        session.Terminal.Result(new
        {
            Detector = settings.Detector,
            Path = kept,
            Rows = detector.TrainingRows,
            Features = detector.ColumnNames,
            Constant = detector.ConstantColumns.Select(c => detector.ColumnNames[c]),
            Threshold = threshold,
            options.FalseAlarms,
            options.Delta,
            CalibrationRows = detector.Calibration.Count,
            table.LeftOut,
            table.Warnings,
        });
        (detector as IDisposable)?.Dispose();
        return Done;
    }
}
