using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Engine;

/// <summary>Work of a run that leaves a record in <c>stages/</c>: numbers for the summary, a part of the report. Derive from <see cref="RecordedWork{TRecord}"/>.</summary>
public abstract class RecordedWork
{
    private protected RecordedWork()
    {
    }

    /// <summary>The record's name: the file in <c>stages/</c>, and for a stage its section in a recipe and the first word of its numbers in <c>summary.json</c>.</summary>
    public abstract string Key { get; }

    /// <summary>Reads the record of a run; null where there is none.</summary>
    internal abstract object? Read(Run run);

    /// <summary>Writes the record's part of the report.</summary>
    internal abstract void WriteReport(object record, HtmlReport report, ReportContext context);

    /// <summary>The record's figures for the top of the report.</summary>
    internal abstract IEnumerable<SummaryCard> CardsOf(object record);
}
