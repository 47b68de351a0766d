using Espalier.Data;

namespace Espalier.Training.Objectives;

/// <summary>An objective with what must be freed once it is done with, such as its model.</summary>
/// <typeparam name="TBatch">What several samples are together.</typeparam>
/// <param name="objective">What is learned.</param>
/// <param name="owned">What is freed with it, in this order.</param>
public sealed class OwnedObjective<TBatch>(Objective<TBatch> objective, params IDisposable[] owned) : IDisposable
    where TBatch : IBatch
{
    /// <summary>What is learned.</summary>
    public Objective<TBatch> Objective { get; } = objective;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable each in owned)
            each.Dispose();
    }
}
