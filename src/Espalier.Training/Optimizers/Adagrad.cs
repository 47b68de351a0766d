using Espalier.Training.Loop;

namespace Espalier.Training.Optimizers;

/// <summary>Adagrad (Duchi et al. 2011): s ← s + g², w ← w - ηg/(√s + ε), with the L2 decay in g.</summary>
public sealed class Adagrad : Optimizer
{
    private readonly Tensor _sum;

    /// <summary>Adagrad over flat parameters.</summary>
    public Adagrad(FlatParameters parameters)
        : base(parameters) => _sum = NewBuffer("squareSum");

    /// <inheritdoc/>
    protected override void Update(in Hyperparameters h)
    {
        AddDecay(h.WeightDecay);
        Tensor g = Parameters.Gradients;
        _sum.addcmul_(g, g, 1);
        Parameters.Values.addcdiv_(g, _sum.sqrt().add_(h.Epsilon), -h.LearningRate);
    }
}
