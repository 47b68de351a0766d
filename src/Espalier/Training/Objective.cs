using Espalier.Data;

namespace Espalier.Training;

/// <summary>
/// What is learned: the loss of a micro-batch and how progress is judged. The loop around it, with schedules,
/// accumulation, averages and checkpoints, is <see cref="Trainer"/>'s.
/// </summary>
public abstract class Objective
{
    /// <summary>The module that is trained, on the device of the data.</summary>
    public abstract torch.nn.Module Model { get; }

    /// <summary>The loss of one micro-batch, in training mode. Runs inside the trainer's dispose scope.</summary>
    /// <param name="batch">The samples; belongs to the trainer.</param>
    /// <param name="state">Where the training stands.</param>
    public abstract LossSum Step(Batch batch, TrainingState state);

    /// <summary>Which parameters weight decay applies to: those of two or more dimensions.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <param name="parameter">The parameter.</param>
    public virtual bool Decays(string name, Tensor parameter) => parameter.dim() > 1;

    /// <summary>Called once after every optimizer step, when weights and EMA are new.</summary>
    /// <param name="state">Where the training stands.</param>
    public virtual void AfterOptimizerStep(TrainingState state)
    {
    }

    /// <summary>The numbers by which the model as it stands is judged, under stable names such as <c>loss</c>.</summary>
    /// <param name="data">What to judge it on.</param>
    public virtual IReadOnlyDictionary<string, double> Evaluate(Dataset data) => new Dictionary<string, double>();
}
