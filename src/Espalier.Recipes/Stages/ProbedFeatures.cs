using Espalier.Representation.Evaluation;

namespace Espalier.Recipes.Stages;

/// <summary>What a probe found in one kind of features.</summary>
/// <param name="Features">Which: <c>encoder</c>, <c>averaged encoder</c>, <c>untrained encoder</c>, <c>raw inputs</c>.</param>
/// <param name="Dimensions">Number of features d.</param>
/// <param name="Linear">Test accuracy of the linear probe.</param>
/// <param name="Knn">Test accuracy of the nearest neighbours.</param>
/// <param name="Spread">Mean deviation per dimension of the normalised features times √d: 1 is healthy, 0 collapsed.</param>
/// <param name="EffectiveRank">exp of the entropy of the normalised singular values, at most d.</param>
public sealed record ProbedFeatures(string Features, int Dimensions, double Linear, double Knn, double Spread, double EffectiveRank)
{
    /// <summary>Whether features of a trained encoder have collapsed: they spread by less than <see cref="CollapseMonitorOptions.CollapsedBelow"/>.</summary>
    public bool IsCollapsed => Features is Encoder or AveragedEncoder && Spread < new CollapseMonitorOptions().CollapsedBelow;

    internal const string Encoder = "encoder";
    internal const string AveragedEncoder = "averaged encoder";
}
