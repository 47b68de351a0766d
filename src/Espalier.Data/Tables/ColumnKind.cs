namespace Espalier.Data.Tables;

/// <summary>What a table's column holds.</summary>
public enum ColumnKind
{
    /// <summary>Numbers: one feature.</summary>
    Numeric,

    /// <summary>One of some categories: one feature per category (one-hot).</summary>
    Categorical,
}
