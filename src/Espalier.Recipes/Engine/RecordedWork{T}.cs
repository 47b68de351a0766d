using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Engine;

/// <summary>Work of a run that leaves a record.</summary>
/// <typeparam name="TRecord">The record; written and read as JSON.</typeparam>
public abstract class RecordedWork<TRecord> : RecordedWork
    where TRecord : class
{
    /// <summary>The record's numbers for <c>summary.json</c>, under their whole names.</summary>
    public abstract IEnumerable<(string Name, double Value)> Numbers(TRecord record);

    /// <summary>Writes the record's part of the report, from the record alone: reports are made again without a model.</summary>
    /// <param name="record">The record.</param>
    /// <param name="report">The page.</param>
    /// <param name="context">The run and its recipe.</param>
    public abstract void Write(TRecord record, HtmlReport report, ReportContext context);

    /// <summary>The figures that everybody should see, for the top of the report. Default: none.</summary>
    public virtual IEnumerable<SummaryCard> Cards(TRecord record) => [];

    /// <summary>What it came to in a few words, for the terminal.</summary>
    public virtual string Describe(TRecord record) => "done";

    internal sealed override object? Read(Run run) => StageFile.Read<TRecord>(run, Key);

    internal sealed override void WriteReport(object record, HtmlReport report, ReportContext context) => Write((TRecord)record, report, context);

    internal sealed override IEnumerable<SummaryCard> CardsOf(object record) => Cards((TRecord)record);

    /// <summary>Keeps a record: the file and the numbers.</summary>
    internal void Keep(TRecord record, Run run)
    {
        StageFile.Write(run, Key, record);
        foreach ((string name, double value) in Numbers(record))
            run.Summary.Set(name, value);
    }
}
