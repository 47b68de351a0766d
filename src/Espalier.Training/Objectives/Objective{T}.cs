using Espalier.Data;
using Espalier.Training.Loop;

namespace Espalier.Training.Objectives;

/// <summary>What is learned from samples: the loss of a micro-batch and how progress is judged.</summary>
/// <typeparam name="TBatch">What several samples are together.</typeparam>
/// <example>
/// The squared error of a network on labelled data:
/// <code>
/// sealed class SquaredError(torch.nn.Module&lt;Tensor, Tensor&gt; network) : Objective&lt;LabelledBatch&gt;
/// {
///     public override torch.nn.Module Model => network;
///     public override LossSum Step(LabelledBatch batch, TrainingState state) =>
///         new((network.call(batch.Inputs).squeeze(1) - batch.Labels).square().sum(), batch.Count);
/// }
/// </code>
/// </example>
public abstract class Objective<TBatch> : Objective
    where TBatch : IBatch
{
    /// <summary>
    /// Prepares a micro-batch, such as by random changes of its inputs. Runs ahead on the loader's thread; what is random in
    /// it must be a function of the seed and <see cref="IBatch.Position"/>.
    /// </summary>
    /// <param name="batch">The samples as they are in the source.</param>
    /// <returns>The same batch, or one that takes over its tensors.</returns>
    public virtual TBatch Prepare(TBatch batch) => batch;

    /// <summary>The loss of one micro-batch, in training mode. Runs inside the trainer's dispose scope.</summary>
    /// <param name="batch">The samples; belongs to the trainer.</param>
    /// <param name="state">Where the training stands; <see cref="TrainingState.Phase"/> says in which phase.</param>
    public abstract LossSum Step(TBatch batch, TrainingState state);

    /// <summary>
    /// The numbers by which the model as it stands is judged, under stable names such as <c>loss</c>. Runs in evaluation mode; goes through the data
    /// batch by batch, without <see cref="Prepare"/>. Default: none.
    /// </summary>
    /// <param name="data">What to judge it on.</param>
    /// <param name="context">Where the training stands, and when to stop.</param>
    public virtual IReadOnlyDictionary<string, double> Evaluate(ISampleSource<TBatch> data, EvaluationContext context) => new Dictionary<string, double>();
}
