using Espalier.Training.Loop;

namespace Espalier.Training.Optimizers;

/// <summary>RMSProp (Tieleman &amp; Hinton 2012): v ← βv + (1-β)g², w ← w - ηg/(√v + ε), with the L2 decay in g.</summary>
public sealed class RmsProp : Optimizer
{
    private readonly Tensor _second;

    /// <summary>RMSProp over flat parameters.</summary>
    public RmsProp(FlatParameters parameters)
        : base(parameters) => _second = NewBuffer("secondMoment");

    /// <inheritdoc/>
    public override void BatchChanged(double factor) => ShrinkSecondMoment(_second, factor);

    /// <inheritdoc/>
    protected override void Update(in Hyperparameters h)
    {
        AddDecay(h.WeightDecay);
        Tensor g = Parameters.Gradients;
        _second.mul_(h.Beta2).addcmul_(g, g, 1 - h.Beta2);
        Parameters.Values.addcdiv_(g, _second.sqrt().add_(h.Epsilon), -h.LearningRate);
    }
}
