namespace Espalier.Errors;

/// <summary>
/// A job of several processes cannot go on: the ranks differ in what must be the same, one of them failed or left, or
/// the message passing itself is missing or failed.
/// </summary>
public sealed class DistributedException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="where">The rank, the operation or the item of work, such as <c>rank 1 of 4</c>.</param>
    /// <param name="problem">What is wrong there.</param>
    /// <param name="remedy">How to mend it.</param>
    /// <param name="inner">What it was caused by.</param>
    public DistributedException(string where, string problem, string remedy, Exception? inner = null)
        : base($"{where}: {problem}", remedy, inner) => Where = where;

    /// <summary>The rank, the operation or the item of work.</summary>
    public string Where { get; }
}
