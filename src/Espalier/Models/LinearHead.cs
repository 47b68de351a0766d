using Espalier.Errors;

namespace Espalier.Models;

/// <summary>The last layer of a classifier, logits = W z + b; on the CPU, float64.</summary>
public sealed class LinearHead : IDisposable
{
    /// <summary>Copies a layer.</summary>
    /// <param name="weight">W, [classes, D].</param>
    /// <param name="bias">b, [classes]; zeros where null.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public LinearHead(Tensor weight, Tensor? bias)
    {
        if (weight.dim() != 2)
            throw new ShapeException("the head's weight", weight.shape, "[classes, features]");
        if (bias is not null && (bias.dim() != 1 || bias.shape[0] != weight.shape[0]))
            throw new ShapeException("the head's bias", bias.shape, $"[{weight.shape[0]}]");
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Weight = weight.detach().cpu().to(torch.float64).clone().DetachFromDisposeScope();
        Bias = (bias?.detach().cpu().to(torch.float64).clone() ?? torch.zeros(weight.shape[0], dtype: torch.float64)).DetachFromDisposeScope();
    }

    /// <summary>W, [classes, D].</summary>
    public Tensor Weight { get; }

    /// <summary>b, [classes].</summary>
    public Tensor Bias { get; }

    /// <summary>Logits of features.</summary>
    /// <param name="features">[n, D], float64, on the CPU.</param>
    public Tensor Logits(Tensor features) => torch.addmm(Bias, features, Weight.t(), 1, 1);

    /// <inheritdoc/>
    public void Dispose()
    {
        Weight.Dispose();
        Bias.Dispose();
    }
}
