namespace Espalier.Recipes.Engine;

/// <summary>A trained model as a task hands it to the stages: each stage asks for the contract that it needs.</summary>
public sealed class TrainedModel : IDisposable
{
    private readonly object[] _contracts;

    /// <summary>A model by the contracts that it fulfils.</summary>
    /// <param name="contracts">Objects that stages may ask for by type, such as a classifier; those that can be are disposed of with it.</param>
    public TrainedModel(params object[] contracts) => _contracts = contracts;

    /// <summary>What the model offers, for messages.</summary>
    public string Offers => _contracts.Length == 0 ? "nothing" : string.Join(", ", _contracts.Select(c => c.GetType().Name));

    /// <summary>The model as what a stage needs; null where it is no such thing.</summary>
    public T? As<T>()
        where T : class => _contracts.OfType<T>().FirstOrDefault();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable contract in _contracts.OfType<IDisposable>())
            contract.Dispose();
    }
}
