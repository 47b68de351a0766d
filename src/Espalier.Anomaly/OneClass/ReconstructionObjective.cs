using Espalier.Data;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Anomaly.OneClass;

/// <summary>The squared error of a row or an image made again, summed over its values.</summary>
internal sealed class ReconstructionObjective(torch.nn.Module<Tensor, Tensor> network) : Objective<InputBatch>
{
    public override torch.nn.Module Model => network;

    public override LossSum Step(InputBatch batch, TrainingState state) => new((network.call(batch.Inputs) - batch.Inputs).square().sum(), batch.Count);
}
