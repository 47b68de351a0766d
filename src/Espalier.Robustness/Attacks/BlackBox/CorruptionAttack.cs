using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Corruptions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// A common corruption as an attack: the worst of several draws of it (Mao et al. 2021). No norm bounds it; what stands
/// before it is corruption robustness, to be reported by itself.
/// </summary>
/// <param name="options">Which corruption, how severe, how many draws.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
/// <exception cref="NotFoundException">There is no corruption of that name.</exception>
public sealed class CorruptionAttack(CorruptionAttackOptions? options = null) : SamplingAttack(options ?? new())
{
    private readonly Corruption _corruption = CorruptionCatalog.Find((options ?? new()).Corruption);

    /// <summary>What the attack was told.</summary>
    public new CorruptionAttackOptions Options => (CorruptionAttackOptions)base.Options;

    /// <summary>The draws; one where the corruption has no chance in it.</summary>
    public override int Variants => _corruption.IsRandom ? Options.Draws : 1;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new CorruptionAttack(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new CorruptionAttack(Options with { Seed = seed });

    private protected override Tensor Variant(AttackedBatch batch, ActiveSamples active, int variant)
    {
        ExampleRandom random = batch.Random(active, variant);
        long[] keys = [.. Enumerable.Range(0, active.Count).Select(row => unchecked((long)random.Stream(row).Next()))];
        var range = new PixelRange(batch.Target.Classifier.Bounds);
        Tensor corrupted = _corruption.Apply(range.ToUnit(active.Start).to(torch.float32).clamp(0, 1), Options.Severity, keys, new() { Constants = Options.Constants });
        return range.FromUnit(corrupted).to(active.Start.dtype);
    }
}
