namespace Espalier.Data.Tables;

/// <summary>What becomes of a row of a table with a missing value, a number that is not finite, or a category that the schema lacks.</summary>
public enum BadRows
{
    /// <summary>The file is refused; the message names file, line, row and column.</summary>
    Refuse,

    /// <summary>The row is left out and reported; the others are read. A row with too few or too many cells still refuses the file.</summary>
    LeaveOut,
}
