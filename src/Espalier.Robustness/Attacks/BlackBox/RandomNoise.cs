namespace Espalier.Robustness;

/// <summary>
/// Noise from the ball, drawn again and again: the weakest attack. Where it beats one that follows gradients, the model
/// hides its gradients.
/// </summary>
/// <param name="options">Norm, radius, draws.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class RandomNoise(RandomNoiseOptions? options = null) : SamplingAttack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new RandomNoiseOptions Options => (RandomNoiseOptions)base.Options;

    /// <inheritdoc/>
    public override int Variants => Options.Draws;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new RandomNoise(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new RandomNoise(Options with { Seed = seed });

    private protected override Tensor Variant(AttackedBatch batch, ActiveSamples active, int variant)
    {
        ExampleRandom random = batch.Random(active, variant);
        return active.Start + (Options.OnSphere
            ? active.Region.DrawOnSphere(active.Start, Options.Epsilon, random)
            : active.Region.Draw(active.Start, Options.Epsilon, random));
    }
}
