using Espalier.Training.Loop;

namespace Espalier.Training.Optimizers;

/// <summary>
/// Adam (Kingma &amp; Ba 2015, Algorithm 1) and, decoupled, AdamW (Loshchilov &amp; Hutter 2019, Algorithm 2). The bias
/// correction uses the running products of the decays, since these may change with the batch size.
/// </summary>
public sealed class Adam : Optimizer
{
    private readonly bool _decoupled;
    private readonly Tensor _first;
    private readonly Tensor _second;
    private readonly Tensor _denominator;

    /// <summary>Adam over flat parameters.</summary>
    /// <param name="parameters">What it steps.</param>
    /// <param name="decoupled">AdamW's decay of the weights instead of an L2 term in the gradient.</param>
    public Adam(FlatParameters parameters, bool decoupled)
        : base(parameters)
    {
        _decoupled = decoupled;
        _first = NewBuffer("firstMoment");
        _second = NewBuffer("secondMoment");
        _denominator = NewScratch();
        NewCounter("beta1Product", 1);
        NewCounter("beta2Product", 1);
    }

    /// <inheritdoc/>
    public override void BatchChanged(double factor) => ShrinkSecondMoment(_second, factor);

    /// <inheritdoc/>
    protected override void Update(in Hyperparameters h)
    {
        if (!_decoupled)
            AddDecay(h.WeightDecay);
        else if (h.WeightDecay != 0 && Parameters.DecayedLength > 0)
            Parameters.Values.narrow(0, 0, Parameters.DecayedLength).mul_(1 - (h.LearningRate * h.WeightDecay));

        Tensor g = Parameters.Gradients;
        _first.lerp_(g, 1 - h.Beta1);
        _second.mul_(h.Beta2).addcmul_(g, g, 1 - h.Beta2);
        double firstCorrection = 1 - Multiply("beta1Product", h.Beta1);
        double secondCorrection = 1 - Multiply("beta2Product", h.Beta2);

        // w ← w - η m̂ / (√v̂ + ε), in a reused buffer
        _denominator.copy_(_second).sqrt_().div_(Math.Sqrt(secondCorrection)).add_(h.Epsilon);
        Parameters.Values.addcdiv_(_first, _denominator, -h.LearningRate / firstCorrection);
    }
}
