using Espalier.Robustness;

namespace Espalier.Recipes.Stages;

/// <summary>Robust accuracy under one norm.</summary>
/// <param name="Norm">The norm.</param>
/// <param name="Points">Radius and robust accuracy, from small to large.</param>
public sealed record AttackCurve(Norm Norm, IReadOnlyList<RobustnessPoint> Points);
