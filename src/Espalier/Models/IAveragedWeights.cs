namespace Espalier.Models;

/// <summary>A moving average of a model's weights that can take their place for a while.</summary>
public interface IAveragedWeights
{
    /// <summary>Exchanges the model's weights for the averaged ones.</summary>
    /// <returns>Exchanges them back when disposed.</returns>
    IDisposable Swap();
}
