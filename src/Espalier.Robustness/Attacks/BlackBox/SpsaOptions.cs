using Espalier.Errors;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Options of <see cref="Spsa"/>; the defaults are those of Mao et al. 2021 after Uesato et al. 2018.</summary>
public sealed record SpsaOptions : PerturbationOptions
{
    /// <summary>Creates the options; the radius is 16/255.</summary>
    public SpsaOptions() => Epsilon = 16 / 255.0;

    /// <summary>Steps, each 2·<see cref="Probes"/> + 1 queries.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>Pairs of queries per gradient.</summary>
    public int Probes { get; init; } = 128;

    /// <summary>δ: how far a probe goes, in the inputs' unit.</summary>
    public double Delta { get; init; } = 0.01;

    /// <summary>Adam's learning rate, in the inputs' unit.</summary>
    public double StepSize { get; init; } = 0.01;

    /// <summary>Whether the channels of a pixel share a sign, as in the reference; otherwise each has its own.</summary>
    public bool SharesChannels { get; init; } = true;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(Probes >= 1, nameof(Probes), Probes, "must be at least 1");
        OptionsException.Require(Delta > 0 && double.IsFinite(Delta), nameof(Delta), Delta, "must be finite and above 0");
        OptionsException.Require(StepSize > 0 && double.IsFinite(StepSize), nameof(StepSize), StepSize, "must be finite and above 0");
    }
}
