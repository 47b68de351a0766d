namespace Espalier.Data.Tables;

/// <summary>A feature column of a table.</summary>
/// <param name="Name">Its header.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Minimum">The least number seen; 0 for categories.</param>
/// <param name="Maximum">The greatest number seen; 1 for categories.</param>
/// <param name="Categories">The categories in ordinal order; empty for numbers.</param>
public sealed record TabularColumn(string Name, ColumnKind Kind, double Minimum, double Maximum, IReadOnlyList<string> Categories)
{
    /// <summary>How many features the column becomes.</summary>
    public int Width => Kind == ColumnKind.Numeric ? 1 : Categories.Count;
}
