using Espalier.Training.Loop;

namespace Espalier.Training.Optimizers;

/// <summary>
/// Stochastic gradient descent: m ← μm + g, w ← w - ηm (heavy ball) or w ← w - η(g + μm) (Nesterov), with the L2 decay
/// in g. PyTorch's form: the velocity is not scaled by the learning rate.
/// </summary>
public sealed class Sgd : Optimizer
{
    private readonly bool _nesterov;
    private readonly Tensor _momentum;

    /// <summary>SGD over flat parameters.</summary>
    public Sgd(FlatParameters parameters, bool nesterov = false)
        : base(parameters)
    {
        _nesterov = nesterov;
        _momentum = NewBuffer("momentum");
    }

    /// <inheritdoc/>
    protected override void Update(in Hyperparameters h)
    {
        AddDecay(h.WeightDecay);
        Tensor g = Parameters.Gradients;
        if (h.Momentum == 0)
        {
            Parameters.Values.add_(g, alpha: -h.LearningRate);
            return;
        }

        _momentum.mul_(h.Momentum).add_(g);
        if (_nesterov)
            Parameters.Values.add_(g, alpha: -h.LearningRate).add_(_momentum, alpha: -h.LearningRate * h.Momentum);
        else
            Parameters.Values.add_(_momentum, alpha: -h.LearningRate);
    }
}
