namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>Options of <see cref="FastGradientMethod"/>.</summary>
public sealed record FastGradientMethodOptions : GradientAttackOptions;
