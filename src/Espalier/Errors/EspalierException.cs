namespace Espalier.Errors;

/// <summary>
/// The root of every error that a user can mend. The message is one sentence that says what is wrong and where;
/// <see cref="Remedy"/> says how to mend it. The command line prints both on one line and exits with 2.
/// </summary>
public abstract class EspalierException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="problem">What is wrong and where, without a full stop.</param>
    /// <param name="remedy">How to mend it, or null where the problem says it all.</param>
    /// <param name="inner">What it was caused by.</param>
    protected EspalierException(string problem, string? remedy = null, Exception? inner = null)
        : base(remedy is null ? problem : $"{problem}; {remedy}", inner) => Remedy = remedy;

    /// <summary>How to mend it.</summary>
    public string? Remedy { get; }
}
