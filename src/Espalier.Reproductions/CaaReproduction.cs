using Espalier.Reproductions.Caa;

namespace Espalier.Reproductions;

/// <summary>Composite Adversarial Attacks (Mao et al., AAAI 2021), beside AutoAttack on the same networks and images.</summary>
public sealed class CaaReproduction : Reproduction
{
    /// <inheritdoc/>
    public override string Name => "caa";

    /// <inheritdoc/>
    public override string Title => "How robust is it really: composite attacks beside AutoAttack";

    /// <inheritdoc/>
    public override string Paper => "Mao et al., Composite Adversarial Attacks (2021)";

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Func<ReproductionContext, ReproductionPart> Run)> Parts { get; } =
    [
        ("victims", CleanVictims.Run),
        ("autoattack", AutoAttackVictims.Run),
        ("masking", MaskedVictims.Run),
        ("decisions", DecisionsOnly.Run),
        ("corruptions", CorruptionSuite.Run),
        ("invariance", AttackInvariance.Run),
        ("search", PolicySearchOnVictim.Run),
        ("headline", SearchedAgainstAutoAttack.Run),
    ];
}
