using Espalier.Robustness.Policies;

namespace Espalier.Robustness.Search;

/// <summary>A policy of a search's front.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Text">Its text.</param>
/// <param name="Complexity">Nominal gradients per example.</param>
/// <param name="SearchRobust">Robust accuracy on the examples it was searched on: an optimistic number.</param>
/// <param name="SelectionRobust">Mean robust accuracy on the selection examples over the seeds.</param>
/// <param name="SelectionGradients">Gradients per example taken there.</param>
public sealed record PolicyCandidate(AttackPolicy Policy, string Text, double Complexity, double SearchRobust, double SelectionRobust, double SelectionGradients)
{
    /// <summary>
    /// The strongest within a budget on the selection examples; of those that are equal there, on the search examples. On a front that
    /// is the dearer one: to be as strong as another on a hundred examples and stronger on a hundred others is no tie.
    /// </summary>
    internal static PolicyCandidate? Strongest(IEnumerable<PolicyCandidate> candidates, double complexity) =>
        candidates.Where(c => c.Complexity <= complexity).MinBy(c => (c.SelectionRobust, c.SearchRobust, c.Complexity));
}
