using Espalier.Errors;
using Espalier.Training.Loop;

namespace Espalier.Training.Averages;

/// <summary>
/// Power-function averages kept beside the training and stored from time to time, from which an average of any other width
/// can be made afterwards (Karras et al. 2024, section 3.2).
/// </summary>
public sealed record PostHocOptions
{
    /// <summary>The widths σ_rel that are kept, at least two, each in (0, 0.2886).</summary>
    public IReadOnlyList<double> SigmaRel { get; init; } = [0.05, 0.10];

    /// <summary>How often they are stored; always at the end.</summary>
    public Duration StoreEvery { get; init; } = Duration.Epochs(1);

    /// <summary>Whether they are stored in half precision.</summary>
    public bool HalfPrecision { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(SigmaRel.Distinct().Count() >= 2, nameof(SigmaRel), string.Join(", ", SigmaRel), "must hold at least two different widths");
        foreach (double sigma in SigmaRel)
            PowerFunctionProfile.RequireSigma(nameof(SigmaRel), sigma);
        OptionsException.Require(!StoreEvery.IsZero, nameof(StoreEvery), StoreEvery, "must be above 0");
    }
}
