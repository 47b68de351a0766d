using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// Noise from the ball, drawn again and again: the weakest attack. Where it beats one that follows gradients, the model
/// hides its gradients.
/// </summary>
/// <param name="options">Norm, radius, draws.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class NoiseAttack(NoiseAttackOptions? options = null) : SamplingAttack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new NoiseAttackOptions Options => (NoiseAttackOptions)base.Options;

    /// <inheritdoc/>
    public override int Variants => Options.Draws;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new NoiseAttack(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new NoiseAttack(Options with { Seed = seed });

    private protected override Tensor Variant(AttackedBatch batch, ActiveSamples active, int variant)
    {
        ExampleRandom random = batch.Random(active, variant);
        return active.Start + (Options.OnSphere
            ? active.Region.DrawOnSphere(active.Start, Options.Epsilon, random)
            : active.Region.Draw(active.Start, Options.Epsilon, random));
    }
}
