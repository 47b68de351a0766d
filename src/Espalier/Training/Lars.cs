namespace Espalier.Training;

/// <summary>
/// Layer-wise adaptive rate scaling (You et al. 2017) in the form that BYOL published: for weights u = g + λw,
/// u ← u·η_t‖w‖/‖u‖ (factor 1 where a norm is 0); for all m ← μm + u, w ← w - ηm. Biases and other one-dimensional
/// parameters are neither decayed nor adapted.
/// </summary>
public sealed class Lars : Optimizer
{
    private readonly double _trust;
    private readonly Tensor _momentum;

    /// <summary>LARS over flat parameters.</summary>
    /// <param name="parameters">What it steps.</param>
    /// <param name="trustCoefficient">η_t.</param>
    public Lars(FlatParameters parameters, double trustCoefficient)
        : base(parameters)
    {
        _trust = trustCoefficient;
        _momentum = NewBuffer("momentum");
    }

    /// <inheritdoc/>
    protected override void Update(in Hyperparameters h)
    {
        AddDecay(h.WeightDecay);
        foreach (FlatSlice slice in Parameters.Slices.Where(s => s.Decays))
        {
            using var scope = torch.NewDisposeScope();
            Tensor update = Parameters.Gradients.narrow(0, slice.Offset, slice.Length);
            double updateNorm = update.norm().ToDouble();
            double weightNorm = Parameters.Values.narrow(0, slice.Offset, slice.Length).norm().ToDouble();
            if (updateNorm > 0 && weightNorm > 0)
                update.mul_(_trust * weightNorm / updateNorm);
        }

        _momentum.mul_(h.Momentum).add_(Parameters.Gradients);
        Parameters.Values.add_(_momentum, alpha: -h.LearningRate);
    }
}
