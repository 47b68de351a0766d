using Espalier.Runs.Reports;

namespace Espalier.Recipes.Engine;

/// <summary>The few numbers that everybody should see.</summary>
internal static class SummarySection
{
    /// <summary>Writes the cards of all records, that of the training last.</summary>
    public static void Write(HtmlReport report, Recipe recipe, IEnumerable<(RecordedWork Work, object Record)> records)
    {
        SummaryCard[] cards = [.. records.OrderBy(r => r.Work is TrainWork).SelectMany(r => r.Work.CardsOf(r.Record))];
        string lead = recipe.Paper is null ? $"Recipe {recipe.Name}." : $"Recipe {recipe.Name}, after {recipe.Paper}.";
        report.Section("Summary", lead).KeyFigures([.. cards.Select(c => (c.Figure, c.Title, c.Detail))]);
    }
}
