using Espalier.Data;
using Espalier.Models;
using Espalier.Networks.Layers;
using Espalier.Training.Loop;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;

namespace Espalier.Tests.Training;

/// <summary>A network with everything that batch sizes usually change: batch norm, dropout, random inputs.</summary>
internal sealed class InvariantModel : torch.nn.Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Linear _first;
    private readonly GhostBatchNorm _norm;
    private readonly SampleDropout _dropout;
    private readonly TorchSharp.Modules.Linear _second;

    public InvariantModel(int outputs = 3) : base(nameof(InvariantModel))
    {
        torch.manual_seed(9);
        _first = torch.nn.Linear(6, 12);
        _norm = new GhostBatchNorm(12);
        _dropout = new SampleDropout(0.25);
        _second = torch.nn.Linear(12, outputs);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => _second.call(_dropout.call(torch.nn.functional.relu(_norm.call(_first.call(input)))));

    /// <summary>All parameters and running statistics in one vector.</summary>
    public Tensor Flat()
    {
        using var noGradients = torch.no_grad();
        return torch.cat([.. state_dict().Values.Select(p => p.reshape(-1).to(torch.float64))]).clone();
    }

    public static InvariantModel Create(torch.ScalarType type, int outputs = 3)
    {
        var model = new InvariantModel(outputs);
        model.to(type);
        return model;
    }

    public static Dataset Data(int count, torch.ScalarType type)
    {
        using var generator = new torch.Generator(3);
        using var scope = torch.NewDisposeScope();
        Tensor x = torch.randn([count, 6], dtype: torch.float32, generator: generator).to(type);
        return new Dataset("points", x, x.narrow(1, 0, 3).argmax(1), ["a", "b", "c"], InputBounds.Unbounded);
    }

    /// <summary>Noise that belongs to the sample's place in the stream.</summary>
    public static Tensor Noisy(LabelledBatch batch)
    {
        Tensor noise = torch.stack([.. Enumerable.Range(0, batch.Count).Select(i =>
        {
            using var generator = new torch.Generator((ulong)(batch.Position + i + 1));
            return torch.randn([6], dtype: torch.float32, generator: generator);
        })]);
        return batch.Inputs + (0.3 * noise.to(batch.Inputs.dtype));
    }

    public class Classify(InvariantModel model) : Objective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        public override LabelledBatch Prepare(LabelledBatch batch)
        {
            using Tensor plain = batch.Inputs;
            return batch with { Inputs = Noisy(batch) };
        }

        public override LossSum Step(LabelledBatch batch, TrainingState state) =>
            new(torch.nn.functional.cross_entropy(model.call(batch.Inputs), batch.Labels, reduction: torch.nn.Reduction.Sum), batch.Count);
    }

    /// <summary>A loss in which every sample meets every other one.</summary>
    public sealed class Contrast(InvariantModel model) : CoupledObjective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        // Each sample with a noisy copy of itself, [n, 2, 6].
        public override LabelledBatch Prepare(LabelledBatch batch)
        {
            using Tensor plain = batch.Inputs;
            using Tensor noisy = Noisy(batch);
            return batch with { Inputs = torch.stack([plain, noisy], 1) };
        }

        public override Embedding Embed(LabelledBatch batch, TrainingState state)
        {
            Tensor both = model.call(torch.cat([batch.Inputs.select(1, 0), batch.Inputs.select(1, 1)]));
            return new Embedding(torch.stack([both.narrow(0, 0, batch.Count), both.narrow(0, batch.Count, batch.Count)], 1));
        }

        public override LossSum Loss(Tensor embeddings, TrainingState state)
        {
            Tensor z = torch.nn.functional.normalize(embeddings, dim: 2);
            Tensor logits = z.select(1, 0).matmul(z.select(1, 1).t()) * 5;
            return new LossSum(torch.nn.functional.cross_entropy(logits, torch.arange(logits.shape[0]), reduction: torch.nn.Reduction.Sum), logits.shape[0]);
        }
    }

    public sealed class CoupledWithoutEmbedding(InvariantModel model) : Objective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        public override bool CouplesSamples => true;

        public override LossSum Step(LabelledBatch batch, TrainingState state) => new(model.call(batch.Inputs).sum().pow(2), batch.Count);
    }
}
