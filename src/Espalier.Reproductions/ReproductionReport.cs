using System.Globalization;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Reproductions;

/// <summary>The claims and pictures of a reproduction as one page.</summary>
public static class ReproductionReport
{
    /// <summary>Writes <c>report.html</c> into a run's folder.</summary>
    /// <param name="run">The run.</param>
    /// <param name="reproduction">What was reproduced.</param>
    /// <param name="parts">What was found.</param>
    public static void Write(Run run, Reproduction reproduction, IReadOnlyList<ReproductionPart> parts)
    {
        var report = new HtmlReport(reproduction.Title, string.Create(CultureInfo.InvariantCulture, $"{reproduction.Paper}; {run.Manifest.CreatedUtc:yyyy-MM-dd HH:mm} UTC, {run.Manifest.Machine?.Cpu}"));
        Claim[] judged = [.. parts.SelectMany(p => p.Claims).Where(c => c.Holds is not null)];
        report.Section("Summary", $"{judged.Count(c => c.Holds == true)} of {judged.Length} claims hold.");
        foreach (ReproductionPart part in parts)
        {
            report.Section(part.Name, part.Summary);
            report.Table(["what", "published", "measured", ""], part.Claims.Select(c => (IReadOnlyList<string>)[c.What, c.Published, c.Measured, c.Holds switch { true => "holds", false => "does not hold", null => "" }]));
            report.Panels(part.Charts.Select(c => (c.Heading, c.Svg, (string?)null)));
        }

        report.Code(run.Manifest.CommandLine ?? "");
        report.Save(run.ReportPath);
    }
}
