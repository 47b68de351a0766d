namespace Espalier.Robustness.Search;

/// <summary>What a search found.</summary>
/// <param name="Selected">The strongest policy of the front on the selection examples, within the budget; of equals the strongest on the search examples. The cheapest of the front where none is within the budget. With <see cref="PolicySearchOptions.Complete"/> it has further stages where these break more.</param>
/// <param name="Front">The policies that none is better than in both strength and cost, cheapest first.</param>
/// <param name="Generations">How the front grew.</param>
/// <param name="Gradients">Gradients that the search took, counted per input.</param>
/// <param name="Queries">Inputs that it sent through the model.</param>
/// <param name="Seconds">Wall time of this run.</param>
public sealed record PolicySearchResult(PolicyCandidate Selected, IReadOnlyList<PolicyCandidate> Front, IReadOnlyList<PolicySearchGeneration> Generations, double Gradients, double Queries, double Seconds)
{
    /// <summary>The strongest policy of the front within a budget of nominal gradients, or null where none is so cheap.</summary>
    /// <param name="complexity">The budget.</param>
    public PolicyCandidate? BestWithin(double complexity) => PolicyCandidate.Strongest(Front, complexity);
}
