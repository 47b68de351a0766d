namespace Espalier.Tests.Networks;

/// <summary>Autograd against central differences, in float64.</summary>
internal static class FiniteDifferences
{
    /// <summary>The largest difference between both gradients of sum(value * fixed random weights).</summary>
    public static double LargestError(Func<Tensor> value, IEnumerable<Tensor> inputs, double step = 1e-5)
    {
        using var scope = torch.NewDisposeScope();
        Tensor[] leaves = [.. inputs];
        using var generator = new torch.Generator(99);
        Tensor weights = torch.randn(value().shape, dtype: torch.float64, generator: generator);
        Tensor loss = (value() * weights).sum();
        IList<Tensor> gradients = torch.autograd.grad([loss], leaves);

        double worst = 0;
        using var _ = torch.no_grad();
        for (int t = 0; t < leaves.Length; t++)
        {
            Tensor flat = leaves[t].view(-1);
            double[] gradient = gradients[t].reshape(-1).data<double>().ToArray();
            for (int i = 0; i < gradient.Length; i++)
            {
                using var inner = torch.NewDisposeScope();
                flat[i].add_(step);
                double up = (value() * weights).sum().ToDouble();
                flat[i].add_(-2 * step);
                double down = (value() * weights).sum().ToDouble();
                flat[i].add_(step);
                worst = Math.Max(worst, Math.Abs((up - down) / (2 * step) - gradient[i]));
            }
        }

        return worst;
    }
}
