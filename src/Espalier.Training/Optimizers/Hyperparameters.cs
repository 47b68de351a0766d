using Espalier.Training.Scaling;

namespace Espalier.Training.Optimizers;

/// <summary>What an optimizer step needs to know, and what <see cref="ScalingRule"/> rescales with the batch size.</summary>
/// <param name="LearningRate">η, the schedule applied.</param>
/// <param name="Momentum">μ of SGD and LARS.</param>
/// <param name="Beta1">β₁ of Adam.</param>
/// <param name="Beta2">β₂ of Adam and RMSProp.</param>
/// <param name="Epsilon">ε of Adam and RMSProp.</param>
/// <param name="WeightDecay">λ.</param>
public readonly record struct Hyperparameters(
    double LearningRate, double Momentum, double Beta1, double Beta2, double Epsilon, double WeightDecay);
