namespace Espalier.Data;

/// <summary>A data set cut into what is learned from, what is tuned on and what is reported.</summary>
/// <param name="Train">For gradients.</param>
/// <param name="Validation">For early stopping and choices.</param>
/// <param name="Test">For the final numbers only.</param>
public sealed record DatasetSplits(Dataset Train, Dataset Validation, Dataset Test) : IDisposable
{
    /// <summary>Moves all parts to a device; what lay elsewhere is freed.</summary>
    /// <param name="device">Where to.</param>
    /// <returns>These splits.</returns>
    public DatasetSplits To(torch.Device device)
    {
        Train.To(device);
        Validation.To(device);
        Test.To(device);
        return this;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Train.Dispose();
        Validation.Dispose();
        Test.Dispose();
    }
}
