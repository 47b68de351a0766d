using Espalier.Data;
using Espalier.Training;

namespace Espalier.Anomaly;

/// <summary>The squared error of a row or an image made again, summed over its values.</summary>
internal sealed class ReconstructionObjective(torch.nn.Module<Tensor, Tensor> network) : Objective
{
    public override torch.nn.Module Model => network;

    public override LossSum Step(Batch batch, TrainingState state) => new((network.call(batch.Inputs) - batch.Inputs).square().sum(), batch.Count);
}
