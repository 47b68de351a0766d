namespace Espalier.Data;

/// <summary>How a CSV file is read as a table with classes.</summary>
public sealed record CsvOptions
{
    /// <summary>The header of the column with the class; the last column where null.</summary>
    public string? Target { get; init; }

    /// <summary>Headers of columns that hold categories although they look like numbers.</summary>
    public IReadOnlyList<string> Categorical { get; init; } = [];

    /// <summary>Headers of columns to leave out, such as a row number.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Checks that no column is both target and left out.</summary>
    /// <exception cref="OptionsException">The target is among the excluded columns.</exception>
    public void Validate()
        => OptionsException.Require(Target is null || !Exclude.Contains(Target), nameof(Target), Target, "must not be excluded as well");
}
