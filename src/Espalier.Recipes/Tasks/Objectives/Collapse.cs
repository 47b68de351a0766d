using System.Globalization;
using Espalier.Representation.Evaluation;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>What is said of a representation that has collapsed into one direction.</summary>
internal static class Collapse
{
    public const string Remedy = "Lower the learning rate, raise the momentum of the average (and scale it with the batch size), or check that the loss has its predictor or centring";

    /// <summary>A warning where an evaluation shows a collapse, or null.</summary>
    /// <param name="evaluation">The numbers of an evaluation; those of a representation hold <c>spread</c>.</param>
    public static string? Warning(IReadOnlyDictionary<string, double>? evaluation) =>
        evaluation is not null && evaluation.TryGetValue("spread", out double spread) && spread < new CollapseMonitorOptions().CollapsedBelow
            ? string.Create(CultureInfo.InvariantCulture, $"the representation has collapsed: its features spread by {spread:0.###} (healthy is near 1). {Remedy}")
            : null;
}
