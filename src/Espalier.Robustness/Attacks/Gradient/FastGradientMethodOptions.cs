namespace Espalier.Robustness;

/// <summary>Options of <see cref="FastGradientMethod"/>.</summary>
public sealed record FastGradientMethodOptions : GradientAttackOptions;
