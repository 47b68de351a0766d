using Espalier.Training.Optimizers;

namespace Espalier.Benchmarks.Workload;

/// <summary>The constants of an optimizer step.</summary>
/// <param name="Values">AdamW's.</param>
/// <param name="ClipNorm">The largest norm of the mean gradient.</param>
/// <param name="EmaMomentum">The momentum of the moving average.</param>
/// <param name="LabelSmoothing">The smoothing of the targets.</param>
public sealed record StepArithmetic(Hyperparameters Values, double ClipNorm, double EmaMomentum, double LabelSmoothing);
