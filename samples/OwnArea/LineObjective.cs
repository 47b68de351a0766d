using Espalier.Data;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace OwnArea;

/// <summary>The squared error of a network on points.</summary>
internal sealed class LineObjective(torch.nn.Module<Tensor, Tensor> network) : Objective<PointBatch>
{
    public override torch.nn.Module Model => network;

    public override LossSum Step(PointBatch batch, TrainingState state) => new((network.call(batch.X) - batch.Y).square().sum(), batch.Count);

    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<PointBatch> data, EvaluationContext context)
    {
        double sum = 0;
        using var noGradients = torch.no_grad();
        foreach (PointBatch batch in data.InBatches())
        {
            using var scope = torch.NewDisposeScope();
            sum += (network.call(batch.X) - batch.Y).square().sum().ToDouble();
        }

        return new Dictionary<string, double> { ["loss"] = sum / data.Count };
    }
}
