namespace Espalier.Robustness.Evaluation;

/// <summary>One point of a <see cref="RobustnessCurve"/>.</summary>
/// <param name="Epsilon">The radius, in the attack's norm and the inputs' unit.</param>
/// <param name="RobustAccuracy">Share of inputs that stand at this and every smaller radius, in [0, 1].</param>
/// <param name="GradientEvaluations">Gradients that this radius cost, counted per input.</param>
public sealed record RobustnessPoint(double Epsilon, double RobustAccuracy, long GradientEvaluations);
