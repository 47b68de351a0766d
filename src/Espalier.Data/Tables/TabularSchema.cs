using Espalier.Models;

namespace Espalier.Data.Tables;

/// <summary>What the columns of a table mean: enough to read new rows into the features a model was trained on.</summary>
/// <param name="Columns">The feature columns, in feature order.</param>
/// <param name="Target">The header of the column with the class.</param>
/// <param name="ClassNames">The classes; a label is a position in this list.</param>
public sealed record TabularSchema(IReadOnlyList<TabularColumn> Columns, string Target, IReadOnlyList<string> ClassNames)
{
    /// <summary>Number of features: one per numeric column, one per category.</summary>
    public int FeatureCount => Columns.Sum(c => c.Width);

    /// <summary>One name per feature: the header, or <c>header=category</c>.</summary>
    public IReadOnlyList<string> FeatureNames => [.. Columns.SelectMany(c =>
        c.Kind == ColumnKind.Numeric ? [c.Name] : c.Categories.Select(k => $"{c.Name}={k}"))];

    /// <summary>The range of each feature as seen in the table; [0, 1] for categories.</summary>
    public InputBounds Bounds => InputBounds.PerFeature(
        [.. Columns.SelectMany(c => Enumerable.Repeat(c.Minimum, c.Width))],
        [.. Columns.SelectMany(c => Enumerable.Repeat(c.Maximum, c.Width))]);
}
