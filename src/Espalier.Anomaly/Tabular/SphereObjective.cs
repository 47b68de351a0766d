using Espalier.Data;
using Espalier.Training;

namespace Espalier.Anomaly;

/// <summary>
/// The squared distance of representations from a fixed centre; with a soft boundary R² + max(0, distance² − R²)/ν, R² the
/// (1 − ν) quantile of the distances in the batch (Ruff et al., "Deep One-Class Classification", ICML 2018).
/// </summary>
internal sealed class SphereObjective(torch.nn.Module<Tensor, Tensor> network, Tensor centre, double? nu) : Objective
{
    public override torch.nn.Module Model => network;

    public override LossSum Step(Batch batch, TrainingState state)
    {
        Tensor squared = (network.call(batch.Inputs) - centre).square().sum([1L]);
        if (nu is not { } share)
            return new LossSum(squared.sum(), batch.Count);
        Tensor radius = squared.detach().quantile(torch.tensor(1 - share, dtype: squared.dtype));
        return new LossSum((radius + (squared - radius).clamp_min(0) / share).sum(), batch.Count);
    }
}
