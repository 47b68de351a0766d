using Espalier.Training.Loop;

namespace Espalier.Training.Objectives;

/// <summary>What an objective is told when it judges its model.</summary>
/// <param name="State">Where the training stands.</param>
/// <param name="CancellationToken">Cancelled when the training is asked to stop; an evaluation may go on and finish.</param>
public readonly record struct EvaluationContext(TrainingState State, CancellationToken CancellationToken);
