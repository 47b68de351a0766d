using Espalier.Recipes.Engine;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>How well a language model knows the text, as a part of the report; <see cref="LanguageStage"/> leaves the record.</summary>
internal sealed class LanguageWork : RecordedWork<LanguageRecord>
{
    public override string Key => "language";

    public override IEnumerable<(string Name, double Value)> Numbers(LanguageRecord record) => [];

    public override void Write(LanguageRecord record, HtmlReport report, ReportContext context) => LanguageSection.Write(report, context.Run, record);

    public override IEnumerable<SummaryCard> Cards(LanguageRecord record)
    {
        LanguageNumbers best = record.Ema ?? record.Raw;
        yield return new(Format.Number(best.Perplexity, 2), "perplexity", $"of {Format.Count(record.Vocabulary)} tokens; 1 is certainty");
        yield return new(Format.Percent(best.Accuracy), record.IsMasked ? "hidden tokens found" : "next tokens guessed", "first guess");
    }
}
