using Espalier.Errors;
using Espalier.Robustness.Corruptions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Options of <see cref="CorruptionAttack"/>.</summary>
public sealed record CorruptionAttackOptions : UnrestrictedOptions
{
    /// <summary>The corruption's name in <see cref="CorruptionCatalog"/>.</summary>
    public string Corruption { get; init; } = "gaussian-noise";

    /// <summary>The severity, in 1..5.</summary>
    public int Severity { get; init; } = 3;

    /// <summary>How many draws of a random corruption are tried; the worst counts.</summary>
    public int Draws { get; init; } = 10;

    /// <summary>Which published constants stand behind the severity.</summary>
    public CorruptionConstants Constants { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Severity is >= 1 and <= Espalier.Robustness.Corruptions.Corruption.MaximumSeverity, nameof(Severity), Severity, $"must be in 1..{Espalier.Robustness.Corruptions.Corruption.MaximumSeverity}");
        OptionsException.Require(Draws >= 1, nameof(Draws), Draws, "must be at least 1");
        OptionsException.Require(Enum.IsDefined(Constants), nameof(Constants), Constants, "must be BySide, ImageNet or Cifar");
    }
}
