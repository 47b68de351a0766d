namespace Espalier.Data;

/// <summary>How a file is read as rows of numbers without classes.</summary>
public sealed record NumericTableOptions
{
    /// <summary>The header of a column that says what a row is, kept apart from the features; none where null. In NumPy archives the array <c>y</c> is it.</summary>
    public string? Label { get; init; }

    /// <summary>Headers of columns that hold categories although they look like numbers.</summary>
    public IReadOnlyList<string> Categorical { get; init; } = [];

    /// <summary>Headers of columns to leave out, such as a row number.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Checks that no column is both label and left out.</summary>
    /// <exception cref="OptionsException">The label is among the excluded columns.</exception>
    public void Validate() => OptionsException.Require(Label is null || !Exclude.Contains(Label), nameof(Label), Label, "must not be excluded as well");
}
