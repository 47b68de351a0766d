using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// PGD under L0 (Croce and Hein, "Sparse and Imperceivable Adversarial Attacks", ICCV 2019, section 3.2, their PGD₀): from random
/// pixels, steps along the gradient of sum one, each brought back to the k pixels by which it gains most.
/// </summary>
/// <param name="options">Pixels, steps, restarts; the authors' where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class SparseGradientDescent(SparseGradientDescentOptions? options = null) : GradientAttack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new SparseGradientDescentOptions Options => (SparseGradientDescentOptions)base.Options;

    /// <inheritdoc/>
    public override int Steps => Options.Steps;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new SparseGradientDescent(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new SparseGradientDescent(Options with { Seed = seed });

    /// <inheritdoc/>
    protected override int Restarts => Options.Restarts;

    /// <inheritdoc/>
    protected override bool RandomStart => true;

    /// <inheritdoc/>
    protected override double StepSize(int step) => Options.StepLength;

    private protected override GradientDirection Direction(AttackedBatch batch, ActiveSamples active, int restart) => new RangeMove(batch, active, AttackObjective.Of(Options.Loss), Options);

    /// <summary>Along the gradient, in shares of the features' ranges.</summary>
    private sealed class RangeMove(AttackedBatch batch, ActiveSamples active, AttackObjective objective, GradientAttackOptions options)
        : GradientDirection(batch, active, objective, options)
    {
        public override Tensor Of(Tensor gradient, int step)
        {
            InputBounds bounds = Batch.Target.Classifier.Bounds;
            return base.Of(gradient, step) * (bounds.UpperTensor(gradient) - bounds.LowerTensor(gradient));
        }
    }
}
