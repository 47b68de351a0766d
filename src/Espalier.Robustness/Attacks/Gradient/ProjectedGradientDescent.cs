using Espalier.Errors;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// Projected gradient descent (Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR
/// 2018): from a random point of the ball, steps of steepest ascent of the loss, each projected back into the ball.
/// Without the random start it is the basic iterative method (Kurakin et al. 2017).
/// </summary>
/// <param name="options">Norm, radius, steps; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class ProjectedGradientDescent(ProjectedGradientDescentOptions? options = null)
    : GradientAttack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new ProjectedGradientDescentOptions Options => (ProjectedGradientDescentOptions)base.Options;

    /// <inheritdoc/>
    public override int Steps => Options.Steps;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new ProjectedGradientDescent(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new ProjectedGradientDescent(Options with { Seed = seed });

    /// <inheritdoc/>
    protected override int Restarts => Options.Restarts;

    /// <inheritdoc/>
    protected override bool RandomStart => Options.RandomStart;

    /// <inheritdoc/>
    protected override double StepSize(int step) => Options.Epsilon * (Options.RelativeStepSize ?? 2.5 / Options.Steps);
}
