namespace Espalier.Anomaly.Detectors;

/// <summary>An array that a fit keeps, as a file must have it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape; <see cref="Rows"/> is a size that is free, and the same in all arrays of a rule.</param>
internal readonly record struct FittedArray(string Name, params long[] Shape)
{
    /// <summary>A size that the file is free to choose.</summary>
    public const long Rows = -1;

    /// <summary>The type of its elements.</summary>
    public torch.ScalarType Type { get; init; } = torch.ScalarType.Float64;
}
