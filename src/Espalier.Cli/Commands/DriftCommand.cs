using System.ComponentModel;
using System.Globalization;
using Espalier.Anomaly.Drift;
using Espalier.Data.Tables;
using Espalier.Errors;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier drift</c>: whether a window of rows still looks like the reference, and which features moved.</summary>
internal sealed class DriftCommand : EspalierCommand<DriftCommand.Settings>
{
    /// <summary>Something was found that the caller asked to be told by the exit code.</summary>
    internal const int Found = 3;

    internal sealed class Settings : GlobalSettings
    {
        [CommandOption("--reference <TABLE>")]
        [Description("Rows as they should be: a CSV file with a header, a .npy table, the array X of an .npz archive, or a table of the catalogue.")]
        public string? Reference { get; init; }

        [CommandOption("--window <TABLE>")]
        [Description("Rows to compare with them.")]
        public string? Window { get; init; }

        [CommandOption("--label <COLUMN>")]
        [Description("A column with classes, such as predicted ones: compared by a chi-square test of their counts.")]
        public string? Label { get; init; }

        [CommandOption("--exclude <COLUMN>")]
        [Description("A column to leave out, such as a time; may be given several times.")]
        public string[] Exclude { get; init; } = [];

        [CommandOption("--decimal-mark <MARK>")]
        [Description("What stands before the fraction of a number in a CSV file: . (default) or a comma.")]
        public string? DecimalMark { get; init; }

        [CommandOption("--alpha <LEVEL>")]
        [Description("Level of the tests; 0.05 where left out.")]
        public double? Alpha { get; init; }

        [CommandOption("--correction <KIND>")]
        [Description("bonferroni (default) or benjaminiHochberg.")]
        public string? Correction { get; init; }

        [CommandOption("--permutations <N>")]
        [Description("Permutations of the test of all features together; 0 leaves it out.")]
        public int? Permutations { get; init; }

        [CommandOption("--fail-on-drift")]
        [Description("Exit with 3 where there is drift.")]
        public bool FailOnDrift { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        string referencePath = settings.Reference ?? throw new OptionsException("reference", null, "must name a table");
        string windowPath = settings.Window ?? throw new OptionsException("window", null, "must name a table");
        var form = new NumericTableOptions { DecimalMark = settings.DecimalMark ?? "." };
        NumericTable reference = NumericTable.Open(referencePath, form with { Label = settings.Label, Exclude = settings.Exclude });
        NumericTable window = NumericTable.OpenAs(windowPath, reference.Schema, form);
        var defaults = new DriftMonitorOptions();
        var options = new DriftMonitorOptions
        {
            Alpha = settings.Alpha ?? defaults.Alpha,
            Correction = Choice.Parse<DriftCorrection>("correction", settings.Correction) ?? defaults.Correction,
            Permutations = settings.Permutations ?? defaults.Permutations,
            Seed = settings.Seed ?? defaults.Seed,
        };
        DriftReport report = new DriftMonitor(reference.Rows, reference.Schema.FeatureNames, options).Compare(window.Rows);
        (double Statistic, double PValue)? classes = null;
        if (reference.Labels is { } before && window.Labels is { } after)
        {
            string[] names = [.. before.Concat(after).Distinct().Order(StringComparer.Ordinal)];
            classes = TwoSampleTests.ChiSquare([.. names.Select(n => before.LongCount(l => l == n))], [.. names.Select(n => after.LongCount(l => l == n))]);
        }

        bool isDrift = report.IsDrift || classes?.PValue <= options.Alpha;
        Table table = new Table().Border(TableBorder.Simple).AddColumn("feature");
        foreach (string title in new[] { "KS", "p", "PSI", "mean before", "mean now" })
            table.AddColumn(new TableColumn(title).RightAligned());
        table.AddColumn("");
        foreach (FeatureDrift feature in report.Features.OrderBy(f => f.PValue))
        {
            table.AddRow(Markup.Escape(feature.Name), Number(feature.KolmogorovSmirnov), feature.PValue.ToString("0.####", CultureInfo.InvariantCulture), Number(feature.StabilityIndex),
                Number(feature.ReferenceMean), Number(feature.WindowMean), feature.IsDrift ? "drift" : feature.StabilityIndex > options.StabilityLimit ? "shifted" : "");
        }

        session.Terminal.Show(table);
        if (report is { Discrepancy: { } discrepancy, DiscrepancyPValue: { } p })
            session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"all features together: squared MMD {discrepancy:0.#####}, p {p:0.####}"));
        if (classes is { } test)
            session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"classes of '{settings.Label ?? "y"}': chi-square {test.Statistic:0.##}, p {test.PValue:0.####}"));
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{(isDrift ? "DRIFT" : "no drift")}: {report.WindowRows:N0} rows against {report.ReferenceRows:N0} at level {options.Alpha}"));
        session.Terminal.Result(new { Drift = isDrift, report.ReferenceRows, report.WindowRows, report.Discrepancy, report.DiscrepancyPValue, Classes = classes is { } c ? new { c.Statistic, c.PValue } : null, report.Features });
        return isDrift && settings.FailOnDrift ? Found : Done;
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
