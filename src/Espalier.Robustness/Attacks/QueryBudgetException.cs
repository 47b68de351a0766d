using Espalier.Errors;

namespace Espalier.Robustness.Attacks;

/// <summary>An attack has used up its queries. What it had found by then is in <see cref="Result"/>.</summary>
public sealed class QueryBudgetException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="maxQueries">The budget.</param>
    /// <param name="result">What was found by then; inputs that were not reached count as standing.</param>
    public QueryBudgetException(long maxQueries, AttackResult? result = null)
        : base(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the budget of {maxQueries:N0} queries is used up"),
            "raise it, attack fewer inputs, or take a cheaper attack; what was found so far is kept") =>
        (MaxQueries, Result) = (maxQueries, result);

    /// <summary>The budget.</summary>
    public long MaxQueries { get; }

    /// <summary>What was found by then; the caller's to dispose.</summary>
    public AttackResult? Result { get; }
}
