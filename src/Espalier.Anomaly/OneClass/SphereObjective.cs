using Espalier.Data;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Anomaly.OneClass;

/// <summary>
/// The squared distance of representations from a fixed centre; with a soft boundary R² + max(0, distance² − R²)/ν, R² the
/// (1 − ν) quantile of the distances in the batch, 0 for the first samples (Ruff et al., "Deep One-Class Classification", ICML 2018).
/// </summary>
internal sealed class SphereObjective(torch.nn.Module<Tensor, Tensor> network, Tensor centre, double? nu, long warmupSamples = 0) : Objective<InputBatch>
{
    public override torch.nn.Module Model => network;

    // The radius is the batch's.
    public override bool CouplesSamples => nu is not null;

    public override LossSum Step(InputBatch batch, TrainingState state)
    {
        Tensor squared = (network.call(batch.Inputs) - centre).square().sum([1L]);
        if (nu is not { } share)
            return new LossSum(squared.sum(), batch.Count);
        if (state.SamplesSeen < warmupSamples)
            return new LossSum(squared.sum() / share, batch.Count);
        Tensor radius = squared.detach().quantile(torch.tensor(1 - share, dtype: squared.dtype, device: squared.device));
        return new LossSum((radius + (squared - radius).clamp_min(0) / share).sum(), batch.Count);
    }
}
