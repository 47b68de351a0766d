namespace Espalier.Recipes.Stages;

/// <summary>What the attack stage leaves in <c>stages/attack.json</c>.</summary>
/// <param name="Method">The attack in words.</param>
/// <param name="Samples">How many test samples were attacked.</param>
/// <param name="CleanAccuracy">Accuracy on them without an attack.</param>
/// <param name="InputShape">Shape of one input.</param>
/// <param name="Range">The inputs' value range, for pictures.</param>
/// <param name="ClassNames">One name per class.</param>
/// <param name="Curves">Robust accuracy against the radius, one curve per norm.</param>
/// <param name="Examples">Inputs and what the attack made of them.</param>
public sealed record AttackRecord(
    string Method, int Samples, double CleanAccuracy, IReadOnlyList<long> InputShape, ValueRange Range, IReadOnlyList<string> ClassNames,
    IReadOnlyList<AttackCurve> Curves, IReadOnlyList<AttackExample> Examples)
{
    /// <summary>Attacks by policy.</summary>
    public IReadOnlyList<PolicyAttackRecord> Policies { get; init; } = [];
}
