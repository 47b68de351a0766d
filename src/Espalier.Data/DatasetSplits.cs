namespace Espalier.Data;

/// <summary>A data set cut into what is learned from, what is tuned on and what is reported.</summary>
/// <param name="Train">For gradients.</param>
/// <param name="Validation">For early stopping and choices.</param>
/// <param name="Test">For the final numbers only.</param>
public sealed record DatasetSplits(Dataset Train, Dataset Validation, Dataset Test) : IDisposable
{
    /// <summary>The same splits on a device.</summary>
    public DatasetSplits To(torch.Device device) => new(Train.To(device), Validation.To(device), Test.To(device));

    /// <inheritdoc/>
    public void Dispose()
    {
        Train.Dispose();
        Validation.Dispose();
        Test.Dispose();
    }
}
