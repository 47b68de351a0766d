using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>How well a language model knows the text.</summary>
internal static class LanguageSection
{
    public static void Write(HtmlReport report, Run run, LanguageRecord record)
    {
        LanguageNumbers best = record.Ema ?? record.Raw;
        string task = record.IsMasked ? "find a hidden token" : "guess the next token";
        report.Section("Language", $"To {task} of the test text is as hard for the model as to choose among {Format.Number(best.Perplexity, 2)} equally likely ones; without any knowledge it would be {Format.Count(record.Vocabulary)}. Its first guess is right {Format.Percent(best.Accuracy)} of the time.");
        var rows = new List<IReadOnlyList<string>> { Row("as trained", record.Raw) };
        if (record.Ema is not null)
            rows.Add(Row("averaged (EMA)", record.Ema));
        report.Table(["weights", "perplexity", "nats per token", "bits per character", "first guess right"], rows);
        ValidationPanel.Write(report, run, "perplexity", "Perplexity while learning", "perplexity", "The same tokens are judged each time.");
    }

    private static IReadOnlyList<string> Row(string name, LanguageNumbers n) =>
        [name, Format.Number(n.Perplexity), Format.Number(n.Loss, 4), n.BitsPerCharacter is { } bits ? Format.Number(bits, 4) : "", Format.Percent(n.Accuracy)];
}
