namespace Espalier.Robustness.Attacks.Execution;

/// <summary>What a model says of iterates.</summary>
/// <param name="Scores">[active, classes], detached.</param>
/// <param name="Margin">[active]: max over the other classes minus the true one (with targets: the target minus the others); above 0 is fooled.</param>
/// <param name="Fooled">[active], bool.</param>
internal readonly record struct Verdict(Tensor Scores, Tensor Margin, Tensor Fooled);
