using Espalier.Robustness.Regions;
using Espalier.Robustness.Search;

namespace Espalier.Recipes.Search;

/// <summary>What a search for an attack policy leaves in <c>stages/search.json</c>.</summary>
/// <param name="Norm">What measured a change.</param>
/// <param name="Epsilon">The largest change.</param>
/// <param name="SearchEpsilon">The radius that policies were bred under; larger where the training samples resist the other (<see cref="HardExamples.Choose"/>).</param>
/// <param name="SearchSamples">Training samples that policies were bred on.</param>
/// <param name="SelectionSamples">Other training samples that one was chosen by.</param>
/// <param name="Selected">The policy found.</param>
/// <param name="Front">The policies that none is better than in both strength and cost.</param>
/// <param name="Fronts">The front after each generation: nominal gradients and robust accuracy on the search samples.</param>
/// <param name="Evaluations">Policies evaluated.</param>
/// <param name="SearchGradients">Gradients that the policies bred took, counted per input.</param>
/// <param name="SearchSeconds">Wall time of the search, with the choice of its samples.</param>
/// <param name="Comparisons">The policy found and the baselines, on the test samples.</param>
public sealed record PolicySearchRecord(
    Norm Norm, double Epsilon, double SearchEpsilon, int SearchSamples, int SelectionSamples, PolicyCandidate Selected, IReadOnlyList<PolicyCandidate> Front,
    IReadOnlyList<IReadOnlyList<SearchPoint>> Fronts, int Evaluations, double SearchGradients, double SearchSeconds, IReadOnlyList<PolicyComparison> Comparisons);
