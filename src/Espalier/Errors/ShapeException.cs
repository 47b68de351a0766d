namespace Espalier.Errors;

/// <summary>A tensor has another shape or kind than what takes it.</summary>
public sealed class ShapeException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="what">The tensor, such as <c>inputs</c>.</param>
    /// <param name="actual">Its shape.</param>
    /// <param name="expected">What is expected, such as <c>[batch, 1, 8, 8]</c>.</param>
    public ShapeException(string what, IEnumerable<long> actual, string expected)
        : base($"{what} has shape [{string.Join(", ", actual)}]", $"expected {expected}")
    {
    }
}
