using System.Text.Json.Serialization;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Regions;

namespace Espalier.Recipes.Stages;

/// <summary>Robust accuracy under one norm.</summary>
/// <param name="Norm">The norm.</param>
/// <param name="Points">Radius and robust accuracy, from small to large.</param>
public sealed record AttackCurve(Norm Norm, IReadOnlyList<RobustnessPoint> Points)
{
    /// <summary>The point that stands for the curve where there is room for one.</summary>
    [JsonIgnore]
    public RobustnessPoint Middle => Points[(Points.Count - 1) / 2];
}
