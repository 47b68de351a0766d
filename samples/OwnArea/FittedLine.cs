namespace OwnArea;

/// <summary>The contract of this area: what its stages need of a model.</summary>
internal sealed class FittedLine(torch.nn.Module<Tensor, Tensor> network) : IDisposable
{
    public double At(double x)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        return network.call(torch.tensor(new[] { (float)x }, [1, 1])).ToDouble();
    }

    public void Dispose() => network.Dispose();
}
