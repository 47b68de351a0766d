namespace Espalier.Robustness.Search;

/// <summary>Where a search stands after a generation.</summary>
/// <param name="Number">Counted from 0.</param>
/// <param name="Last">The number of the last.</param>
/// <param name="Evaluations">Policies evaluated so far.</param>
/// <param name="MemoHits">Policies that had been evaluated before.</param>
/// <param name="Front">Nominal gradients, robust accuracy on the search examples, and text of each policy of the front, cheapest first.</param>
public sealed record PolicySearchGeneration(int Number, int Last, int Evaluations, int MemoHits, IReadOnlyList<(double Complexity, double Robust, string Text)> Front);
