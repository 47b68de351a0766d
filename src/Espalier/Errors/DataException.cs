namespace Espalier.Errors;

/// <summary>Data cannot be used: a missing or truncated file, a missing column, a NaN, a label out of range.</summary>
public sealed class DataException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="source">The file, data set or column, with row and column where known.</param>
    /// <param name="problem">What is wrong there.</param>
    /// <param name="remedy">How to mend it.</param>
    /// <param name="inner">What it was caused by.</param>
    public DataException(string source, string problem, string remedy, Exception? inner = null)
        : base($"{source}: {problem}", remedy, inner) => DataSource = source;

    /// <summary>The file, data set or column.</summary>
    public string DataSource { get; }
}
