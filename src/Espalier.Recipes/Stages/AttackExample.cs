using Espalier.Robustness.Regions;

namespace Espalier.Recipes.Stages;

/// <summary>One input and its adversarial.</summary>
/// <param name="Norm">The norm of the perturbation.</param>
/// <param name="Epsilon">The radius.</param>
/// <param name="Clean">The input.</param>
/// <param name="Adversarial">What the attack made of it.</param>
public sealed record AttackExample(Norm Norm, double Epsilon, ImageSample Clean, ImageSample Adversarial);
