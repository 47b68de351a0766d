using Espalier.Training.Loop;

namespace Espalier.Training.Objectives;

/// <summary>
/// What is learned, without the type of its samples: networks, parameters, phases and state. Derive from <see cref="Objective{TBatch}"/>; the loop
/// around it, with schedules, accumulation, averages and checkpoints, is <see cref="Trainer"/>'s.
/// </summary>
public abstract class Objective
{
    private protected Objective()
    {
    }

    /// <summary>The module that is trained, on the device of the data.</summary>
    public abstract torch.nn.Module Model { get; }

    /// <summary>Every network that runs in a step, such as a teacher beside the model; their batch norms are the trainer's to set.</summary>
    public virtual IEnumerable<torch.nn.Module> Networks => [Model];

    /// <summary>
    /// Whether the loss of a sample depends on the others in the batch beyond batch norm. Such a loss cannot be accumulated
    /// over micro-batches unless it is a <see cref="CoupledObjective{TBatch}"/>.
    /// </summary>
    public virtual bool CouplesSamples => false;

    /// <summary>
    /// Parameters that are trained unlike the others: other rates, other decay, an optimizer of their own. A parameter belongs to the first group
    /// whose pattern fits its name; those that fit none train as <see cref="TrainerOptions"/> say. Default: no groups.
    /// </summary>
    public virtual IReadOnlyList<ParameterGroup> ParameterGroups => [];

    /// <summary>What one step does in turn, each phase over all samples of the step. Default: one phase that trains all parameters.</summary>
    public virtual IReadOnlyList<Phase> Phases => Phase.Single;

    /// <summary>
    /// Named tensors beside the model's own that a checkpoint must hold, such as the centre of a teacher's answers. Their names and shapes do not
    /// change. Default: none.
    /// </summary>
    public virtual IEnumerable<KeyValuePair<string, Tensor>> State => [];

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

    /// <summary>Which parameters weight decay applies to: those of two or more dimensions.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <param name="parameter">The parameter.</param>
    public virtual bool Decays(string name, Tensor parameter) => parameter.dim() > 1;

    /// <summary>Called once when the gradients of a phase are complete, before they are averaged, clipped and used.</summary>
    /// <param name="gradients">Holds the gradients summed over the whole step.</param>
    /// <param name="state">Where the training stands before the step.</param>
    public virtual void BeforeOptimizerStep(FlatParameters gradients, TrainingState state)
    {
    }

    /// <summary>Called once after every step, when weights and EMA are new.</summary>
    /// <param name="state">Where the training stands.</param>
    public virtual void AfterOptimizerStep(TrainingState state)
    {
    }
}
