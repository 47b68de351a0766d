namespace Espalier.Training.Loop;

/// <summary>The weights of a training as they stand after a step. They are the trainer's own: copy what is to be kept.</summary>
/// <param name="State">Where the training stands.</param>
/// <param name="Weights">All trainable values, [n].</param>
/// <param name="Average">The averaged ones, [n], or null without an EMA.</param>
public readonly record struct TrainingSnapshot(TrainingState State, Tensor Weights, Tensor? Average);
