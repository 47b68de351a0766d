namespace Espalier.Training.Objectives;

/// <summary>An objective with what must be freed once it is done with, such as its model.</summary>
/// <param name="objective">What is learned.</param>
/// <param name="owned">What is freed with it, in this order.</param>
public sealed class OwnedObjective(Objective objective, params IDisposable[] owned) : IDisposable
{
    /// <summary>What is learned.</summary>
    public Objective Objective { get; } = objective;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable each in owned)
            each.Dispose();
    }
}
