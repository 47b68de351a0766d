using Espalier.Errors;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Options of <see cref="SpatialAttack"/>; the defaults are those of Mao et al. 2021.</summary>
public sealed record SpatialAttackOptions : UnrestrictedOptions
{
    /// <summary>The largest shift in either direction, in pixels.</summary>
    public double MaxShift { get; init; } = 5;

    /// <summary>The largest rotation either way, in degrees.</summary>
    public double MaxDegrees { get; init; } = 31;

    /// <summary>Places on each of the three axes; its cube is the number of variants.</summary>
    public int Granularity { get; init; } = 5;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(MaxShift >= 0 && double.IsFinite(MaxShift), nameof(MaxShift), MaxShift, "must be finite and not negative");
        OptionsException.Require(MaxDegrees is >= 0 and <= 180, nameof(MaxDegrees), MaxDegrees, "must be in [0, 180]");
        OptionsException.Require(Granularity is >= 1 and <= 100, nameof(Granularity), Granularity, "must be in 1..100");
    }
}
