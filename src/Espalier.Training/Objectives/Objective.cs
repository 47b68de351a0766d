using Espalier.Data;
using Espalier.Training.Loop;

namespace Espalier.Training.Objectives;

/// <summary>
/// What is learned: the loss of a micro-batch and how progress is judged. The loop around it, with schedules,
/// accumulation, averages and checkpoints, is <see cref="Trainer"/>'s.
/// </summary>
public abstract class Objective
{
    /// <summary>The module that is trained, on the device of the data.</summary>
    public abstract torch.nn.Module Model { get; }

    /// <summary>Every network that runs in a step, such as a teacher beside the model; their batch norms are the trainer's to set.</summary>
    public virtual IEnumerable<torch.nn.Module> Networks => [Model];

    /// <summary>
    /// Whether the loss of a sample depends on the others in the batch beyond batch norm. Such a loss cannot be accumulated
    /// over micro-batches unless it is a <see cref="CoupledObjective"/>.
    /// </summary>
    public virtual bool CouplesSamples => false;

    /// <summary>
    /// What this rank adds up over the micro-batches of a step for <see cref="AfterOptimizerStep"/>: float32 or float64 on
    /// the CPU. The trainer sums it over the ranks before that call; null where there is no such thing.
    /// </summary>
    public virtual Tensor? StepSums => null;

    /// <summary>Called once before the first step and before a checkpoint is loaded.</summary>
    /// <param name="setup">What the training has to offer.</param>
    public virtual void Begin(TrainingSetup setup)
    {
    }

    /// <summary>
    /// Prepares a micro-batch, such as by random views of its inputs. Runs ahead on the loader's thread; what is random in
    /// it must be a function of the seed and <see cref="Batch.Position"/>.
    /// </summary>
    /// <param name="batch">The samples as they are in the data set.</param>
    /// <returns>The same batch, or one that takes over its tensors.</returns>
    public virtual Batch Prepare(Batch batch) => batch;

    /// <summary>The loss of one micro-batch, in training mode. Runs inside the trainer's dispose scope.</summary>
    /// <param name="batch">The samples; belongs to the trainer.</param>
    /// <param name="state">Where the training stands.</param>
    public abstract LossSum Step(Batch batch, TrainingState state);

    /// <summary>Which parameters weight decay applies to: those of two or more dimensions.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <param name="parameter">The parameter.</param>
    public virtual bool Decays(string name, Tensor parameter) => parameter.dim() > 1;

    /// <summary>Called once when the gradients of a step are complete, before they are averaged, clipped and used.</summary>
    /// <param name="gradients">Holds the gradients summed over the whole step.</param>
    /// <param name="state">Where the training stands before the step.</param>
    public virtual void BeforeOptimizerStep(FlatParameters gradients, TrainingState state)
    {
    }

    /// <summary>Called once after every optimizer step, when weights and EMA are new.</summary>
    /// <param name="state">Where the training stands.</param>
    public virtual void AfterOptimizerStep(TrainingState state)
    {
    }

    /// <summary>The numbers by which the model as it stands is judged, under stable names such as <c>loss</c>.</summary>
    /// <param name="data">What to judge it on.</param>
    public virtual IReadOnlyDictionary<string, double> Evaluate(Dataset data) => new Dictionary<string, double>();
}
