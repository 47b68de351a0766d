namespace Espalier.Training.Normalization;

/// <summary>Mean and unbiased variance of one group of a batch norm.</summary>
/// <param name="Samples">Samples of the group.</param>
/// <param name="Mean">[features].</param>
/// <param name="Variance">[features].</param>
internal sealed record GroupStatistics(long Samples, Tensor Mean, Tensor Variance) : IDisposable
{
    public void Dispose()
    {
        Mean.Dispose();
        Variance.Dispose();
    }
}
