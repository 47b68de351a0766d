namespace Espalier.Training.Loop;

/// <summary>What the gradient of a phase came to.</summary>
/// <param name="IsEmpty">Whether nothing had a loss.</param>
/// <param name="Norm">Euclidean norm of the mean gradient, before clipping.</param>
/// <param name="Correct">How many predictions were right, or NaN.</param>
/// <param name="LearningRate">The learning rate of the parameters of no group.</param>
internal readonly record struct StepOutcome(bool IsEmpty, double Norm, double Correct, double LearningRate);
