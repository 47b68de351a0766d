namespace Espalier.Robustness.Attacks.Execution;

/// <summary>What a model says of iterates, and where the loss grows.</summary>
/// <param name="Verdict">What it says.</param>
/// <param name="Loss">[active], detached.</param>
/// <param name="Gradient">[active, ...]; an undefined one counts as zero.</param>
internal readonly record struct Ascent(Verdict Verdict, Tensor Loss, Tensor? Gradient);
