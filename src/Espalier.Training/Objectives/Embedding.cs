namespace Espalier.Training.Objectives;

/// <summary>What a <see cref="CoupledObjective{TBatch}"/> makes of a micro-batch.</summary>
/// <param name="Rows">One row per sample, [batch, ...].</param>
/// <param name="Auxiliary">A summed loss per sample that is minimised beside and not reported, a scalar; or null.</param>
/// <param name="Correct">How many predictions were right, a scalar; null where that means nothing.</param>
public readonly record struct Embedding(Tensor Rows, Tensor? Auxiliary = null, Tensor? Correct = null);
