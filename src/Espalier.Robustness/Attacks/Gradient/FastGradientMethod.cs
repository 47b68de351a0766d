using Espalier.Errors;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// The fast gradient (sign) method (Goodfellow et al., "Explaining and Harnessing Adversarial Examples", ICLR 2015): one
/// step of length epsilon from the input along the steepest direction of the loss.
/// </summary>
/// <param name="options">Norm and radius.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class FastGradientMethod(FastGradientMethodOptions? options = null) : GradientAttack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new FastGradientMethodOptions Options => (FastGradientMethodOptions)base.Options;

    /// <inheritdoc/>
    public override int Steps => 1;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new FastGradientMethod(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new FastGradientMethod(Options with { Seed = seed });

    /// <inheritdoc/>
    protected override int Restarts => 1;

    /// <inheritdoc/>
    protected override bool RandomStart => false;

    /// <inheritdoc/>
    protected override double StepSize(int step) => Options.Epsilon;
}
