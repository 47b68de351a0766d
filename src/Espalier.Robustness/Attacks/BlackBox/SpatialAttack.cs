using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Corruptions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// The grid attack over shifts and rotations (Engstrom et al. 2019, section 3; Mao et al. 2021). No norm bounds it.
/// </summary>
/// <param name="options">How far, how finely; 125 variants where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class SpatialAttack(SpatialAttackOptions? options = null) : SamplingAttack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new SpatialAttackOptions Options => (SpatialAttackOptions)base.Options;

    /// <inheritdoc/>
    public override int Variants => Options.Granularity * Options.Granularity * Options.Granularity;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new SpatialAttack(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new SpatialAttack(Options with { Seed = seed });

    private protected override Tensor Variant(AttackedBatch batch, ActiveSamples active, int variant)
    {
        int n = Options.Granularity;
        var transform = new SpatialTransform(
            Options.MaxDegrees * Place(variant / (n * n)), Options.MaxShift * Place(variant / n % n), Options.MaxShift * Place(variant % n));
        var range = new PixelRange(batch.Target.Classifier.Bounds);
        return range.FromUnit(transform.Apply(range.ToUnit(active.Start)));
    }

    // From -1 to 1 in even steps.
    private double Place(int index) => Options.Granularity == 1 ? 0 : (2.0 * index / (Options.Granularity - 1)) - 1;
}
