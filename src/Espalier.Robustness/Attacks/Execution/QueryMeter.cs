namespace Espalier.Robustness.Attacks.Execution;

/// <summary>Counts what an attack asks of a model, over all workers, and ends it where a budget is used up.</summary>
/// <param name="maxQueries">The most inputs that may be sent through the model; null is any number.</param>
internal sealed class QueryMeter(long? maxQueries = null)
{
    private long _queries;
    private long _gradients;

    /// <summary>Inputs sent through the model, with and without gradients.</summary>
    public long Queries => Interlocked.Read(ref _queries);

    /// <summary>Inputs that may still be sent; <see cref="long.MaxValue"/> without a budget.</summary>
    public long Left => maxQueries is { } most ? Math.Max(0, most - Queries) : long.MaxValue;

    /// <summary>Gradients taken, per input.</summary>
    public long Gradients => Interlocked.Read(ref _gradients);

    /// <summary>Asks for queries before they are made.</summary>
    /// <exception cref="QueryBudgetException">They would exceed the budget.</exception>
    public void Spend(long queries)
    {
        if (Interlocked.Add(ref _queries, queries) <= (maxQueries ?? long.MaxValue))
            return;
        Interlocked.Add(ref _queries, -queries);
        throw new QueryBudgetException(maxQueries!.Value);
    }

    public void AddGradients(long count) => Interlocked.Add(ref _gradients, count);
}
