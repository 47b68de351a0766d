using Espalier.Training.Loop;

namespace Espalier.Training.Optimizers;

/// <summary>
/// LAMB (You et al. 2020, "Large Batch Optimization for Deep Learning", Algorithm 2): Adam's direction r = m̂/(√v̂+ε), with
/// the decay u = r + λw, scaled per weight tensor by ‖w‖/‖u‖ (factor 1 where a norm is 0). Biases and other one-dimensional
/// parameters are neither decayed nor adapted.
/// </summary>
public sealed class Lamb : Optimizer
{
    private readonly Tensor _first;
    private readonly Tensor _second;
    private readonly Tensor _update;

    /// <summary>LAMB over flat parameters.</summary>
    public Lamb(FlatParameters parameters)
        : base(parameters)
    {
        _first = NewBuffer("firstMoment");
        _second = NewBuffer("secondMoment");
        _update = NewScratch();
        NewCounter("beta1Product", 1);
        NewCounter("beta2Product", 1);
    }

    /// <inheritdoc/>
    public override void BatchChanged(double factor) => ShrinkSecondMoment(_second, factor);

    /// <inheritdoc/>
    protected override void Update(in Hyperparameters h)
    {
        Tensor g = Parameters.Gradients;
        _first.lerp_(g, 1 - h.Beta1);
        _second.mul_(h.Beta2).addcmul_(g, g, 1 - h.Beta2);
        double firstCorrection = 1 - Multiply("beta1Product", h.Beta1);
        double secondCorrection = 1 - Multiply("beta2Product", h.Beta2);
        _update.copy_(_second).sqrt_().div_(Math.Sqrt(secondCorrection)).add_(h.Epsilon).reciprocal_().mul_(_first).div_(firstCorrection);
        if (h.WeightDecay != 0 && Parameters.DecayedLength > 0)
            _update.narrow(0, 0, Parameters.DecayedLength).add_(Parameters.Values.narrow(0, 0, Parameters.DecayedLength), alpha: h.WeightDecay);
        foreach (FlatSlice slice in Parameters.Slices.Where(s => s.Decays))
        {
            using var scope = torch.NewDisposeScope();
            Tensor update = _update.narrow(0, slice.Offset, slice.Length);
            double updateNorm = update.norm().ToDouble();
            double weightNorm = Parameters.Values.narrow(0, slice.Offset, slice.Length).norm().ToDouble();
            if (updateNorm > 0 && weightNorm > 0)
                update.mul_(weightNorm / updateNorm);
        }

        Parameters.Values.add_(_update, alpha: -h.LearningRate);
    }
}
