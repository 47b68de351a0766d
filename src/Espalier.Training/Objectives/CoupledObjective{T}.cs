using Espalier.Data;
using Espalier.Training.Loop;

namespace Espalier.Training.Objectives;

/// <summary>
/// A loss that couples the samples of the whole batch, such as a contrastive one, written so that the batch need not fit
/// into memory: embeddings of micro-batches, and the loss of all of them together. With accumulation or several ranks the
/// trainer embeds every micro-batch without a graph, takes the gradient of the loss with respect to the embeddings, and embeds
/// again to propagate it ("GradCache", Gao et al. 2021): exact to rounding, with the memory of one micro-batch.
/// </summary>
/// <typeparam name="TBatch">What several samples are together.</typeparam>
public abstract class CoupledObjective<TBatch> : Objective<TBatch>
    where TBatch : IBatch
{
    /// <inheritdoc/>
    public sealed override bool CouplesSamples => true;

    /// <summary>Embeds a micro-batch. May run twice for each; what is random in it must come from <see cref="SampleRandom"/>, torch's default generator or the batch.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="state">Where the training stands.</param>
    /// <returns>One row per sample, [batch, ...].</returns>
    public abstract Embedding Embed(TBatch batch, TrainingState state);

    /// <summary>
    /// The loss of the whole batch. May use parameters of the model, such as a temperature or a critic; their gradient counts once, however many
    /// micro-batches and ranks there are.
    /// </summary>
    /// <param name="embeddings">Those of all micro-batches of all ranks, in the order of the sample stream, [samples, ...].</param>
    /// <param name="state">Where the training stands.</param>
    public abstract LossSum Loss(Tensor embeddings, TrainingState state);

    /// <inheritdoc/>
    public sealed override LossSum Step(TBatch batch, TrainingState state)
    {
        Embedding embedding = Embed(batch, state);
        return Loss(embedding.Rows, state) with { Auxiliary = embedding.Auxiliary, Correct = embedding.Correct };
    }
}
