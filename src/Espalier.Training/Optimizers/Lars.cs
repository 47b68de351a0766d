using Espalier.Training.Loop;

namespace Espalier.Training.Optimizers;

/// <summary>
/// Layer-wise adaptive rate scaling (You et al. 2017) in the form that BYOL published: for weights u = g + λw,
/// u ← u·η_t‖w‖/‖u‖ (factor 1 where a norm is 0); for all m ← μm + u, w ← w - ηm. Biases and other one-dimensional
/// parameters are neither decayed nor adapted.
/// </summary>
public sealed class Lars : Optimizer
{
    // That of the original form.
    private const double Epsilon = 1e-8;

    private readonly double _trust;
    private readonly LarsVariant _variant;
    private readonly Tensor _momentum;

    /// <summary>LARS over flat parameters.</summary>
    /// <param name="parameters">What it steps.</param>
    /// <param name="trustCoefficient">η_t.</param>
    /// <param name="variant">Which form.</param>
    public Lars(FlatParameters parameters, double trustCoefficient, LarsVariant variant = LarsVariant.Byol)
        : base(parameters)
    {
        (_trust, _variant) = (trustCoefficient, variant);
        _momentum = NewBuffer("momentum");
    }

    /// <inheritdoc/>
    protected override void Update(in Hyperparameters h)
    {
        if (_variant == LarsVariant.Byol)
            AddDecay(h.WeightDecay);
        foreach (FlatSlice slice in Parameters.Slices.Where(s => s.Decays))
        {
            using var scope = torch.NewDisposeScope();
            Tensor update = Parameters.Gradients.narrow(0, slice.Offset, slice.Length);
            double updateNorm = update.norm().ToDouble();
            Tensor weights = Parameters.Values.narrow(0, slice.Offset, slice.Length);
            double weightNorm = weights.norm().ToDouble();
            bool adapts = updateNorm > 0 && weightNorm > 0;
            if (_variant == LarsVariant.Byol && adapts)
                update.mul_(_trust * weightNorm / updateNorm);
            if (_variant == LarsVariant.Lightning)
                update.add_(weights, alpha: h.WeightDecay).mul_(adapts ? _trust * weightNorm / (updateNorm + (h.WeightDecay * weightNorm) + Epsilon) : 1);
        }

        _momentum.mul_(h.Momentum).add_(Parameters.Gradients);
        Parameters.Values.add_(_momentum, alpha: -h.LearningRate);
    }
}
