using Espalier.Errors;

namespace Espalier.Data.Augmentation;

/// <summary>
/// Pairs of training images made into one, with the labels in the same proportion: Mixup (Zhang et al. 2018) and CutMix (Yun et
/// al. 2019). The defaults are those of Liu et al. 2021, Table 7, and of DeiT.
/// </summary>
public sealed record MixingOptions
{
    /// <summary>Both parameters of the Beta distribution that the share of an image in Mixup comes from; 0 is no Mixup.</summary>
    public double MixupAlpha { get; init; } = 0.8;

    /// <summary>Both parameters of the Beta distribution that the share of the uncut area in CutMix comes from; 0 is no CutMix.</summary>
    public double CutMixAlpha { get; init; } = 1;

    /// <summary>Probability that a batch is cut rather than mixed where both are on, in [0, 1].</summary>
    public double SwitchProbability { get; init; } = 0.5;

    /// <summary>Probability that a batch is mixed or cut at all, in [0, 1].</summary>
    public double Probability { get; init; } = 1;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(double.IsFinite(MixupAlpha) && MixupAlpha >= 0, nameof(MixupAlpha), MixupAlpha, "must not be negative");
        OptionsException.Require(double.IsFinite(CutMixAlpha) && CutMixAlpha >= 0, nameof(CutMixAlpha), CutMixAlpha, "must not be negative");
        OptionsException.Require(MixupAlpha > 0 || CutMixAlpha > 0, nameof(CutMixAlpha), CutMixAlpha, "must be above 0 where mixupAlpha is 0");
        OptionsException.Require(SwitchProbability is >= 0 and <= 1, nameof(SwitchProbability), SwitchProbability, "must be in 0..1");
        OptionsException.Require(Probability is >= 0 and <= 1, nameof(Probability), Probability, "must be in 0..1");
    }
}
