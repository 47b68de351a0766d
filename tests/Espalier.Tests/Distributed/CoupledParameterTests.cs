using Espalier.Communication;
using Espalier.Data;
using Espalier.Tests.Training;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Tests.Distributed;

/// <summary>Parameters that the loss of a coupled objective uses itself, such as a temperature.</summary>
public sealed class CoupledParameterTests
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 5)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    public void Their_gradient_counts_once_over_micro_batches_and_ranks(int ranks, int micro)
    {
        (double A, double B) whole = Train(1, null), parts = Train(ranks, micro);
        Assert.Equal(whole.A, parts.A, 1e-12);
        Assert.Equal(whole.B, parts.B, 1e-12);
        Assert.NotEqual(2, whole.B);
    }

    private static (double A, double B) Train(int ranks, int? micro)
    {
        // 12 samples in micro-batches of 2 on two ranks: three each.
        var options = new TrainerOptions { Length = Duration.Steps(4), BatchSize = 12, MicroBatchSize = micro, Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.1, Momentum = 0.5, WeightDecay = 0 } };
        (double, double) One(ICommunicator communicator)
        {
            using var model = new TwoNumbers(1.5, 2);
            using Dataset data = InvariantModel.Data(40, torch.float64);
            new Trainer(options).Fit(new Scaled(model), data, new() { Ranks = communicator }).Dispose();
            return model.Values;
        }

        (double, double)[] results = ranks == 1 ? [One(SingleProcess.Instance)] : ThreadRanks.Run(ranks, One);
        Assert.All(results, r => Assert.Equal(results[0], r));
        return results[0];
    }

    /// <summary>Embeds by a, and scales the similarities of all pairs by b.</summary>
    private sealed class Scaled(TwoNumbers model) : CoupledObjective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        public override Embedding Embed(LabelledBatch batch, TrainingState state) => new((model.A * batch.Inputs).tanh());

        public override LossSum Loss(Tensor embeddings, TrainingState state)
        {
            Tensor logits = model.B * embeddings.matmul(embeddings.t());
            return new LossSum(torch.nn.functional.cross_entropy(logits, torch.arange(logits.shape[0]), reduction: torch.nn.Reduction.Sum), logits.shape[0]);
        }
    }
}
