using Espalier.Robustness.Evaluation;

namespace Espalier.Recipes.Stages;

/// <summary>What an attack by policy found.</summary>
/// <param name="Name">The policy's name, file or text, as it was given.</param>
/// <param name="Report">The numbers.</param>
/// <param name="Confusion">Counts of [true class][class under attack], over the samples that the model gets right without one.</param>
/// <param name="Examples">Inputs that fell, those that fell last first, with what the attack made of them.</param>
public sealed record PolicyAttackRecord(string Name, RobustnessReport Report, IReadOnlyList<IReadOnlyList<long>> Confusion, IReadOnlyList<AttackExample> Examples);
