using Espalier.Errors;

namespace Espalier.Data.Tables;

/// <summary>How a CSV file is read as a table with classes.</summary>
public sealed record CsvOptions
{
    /// <summary>The header of the column with the class; the last column where null.</summary>
    public string? Target { get; init; }

    /// <summary>Headers of columns that hold categories although they look like numbers.</summary>
    public IReadOnlyList<string> Categorical { get; init; } = [];

    /// <summary>Headers of columns to leave out, such as a row number.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>What stands before the fraction of a number: a point (default) or a comma.</summary>
    public string DecimalMark { get; init; } = ".";

    /// <summary>Cells that stand for a missing value, whatever their case; an empty cell, <c>?</c>, <c>NA</c>, <c>N/A</c>, <c>NaN</c> and <c>null</c> where null.</summary>
    public IReadOnlyList<string>? Missing { get; init; }

    /// <summary>What becomes of rows with a missing value or one that cannot be used. Default: the file is refused.</summary>
    public BadRows BadRows { get; init; }

    /// <summary>Checks the ranges, and that no column is both target and left out.</summary>
    /// <exception cref="OptionsException">The target is among the excluded columns, or the decimal mark is neither a point nor a comma.</exception>
    public void Validate()
    {
        OptionsException.Require(Target is null || !Exclude.Contains(Target), nameof(Target), Target, "must not be excluded as well");
        CellFormat.Validate(DecimalMark, Missing);
    }

    internal CellFormat Format => new(DecimalMark, Missing);
}
