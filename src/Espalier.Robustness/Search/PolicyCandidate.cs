namespace Espalier.Robustness;

/// <summary>A policy of a search's front.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Text">Its text.</param>
/// <param name="Complexity">Nominal gradients per example.</param>
/// <param name="SearchRobust">Robust accuracy on the examples it was searched on: an optimistic number.</param>
/// <param name="SelectionRobust">Mean robust accuracy on the selection examples over the seeds.</param>
/// <param name="SelectionGradients">Gradients per example taken there.</param>
public sealed record PolicyCandidate(AttackPolicy Policy, string Text, double Complexity, double SearchRobust, double SelectionRobust, double SelectionGradients);
