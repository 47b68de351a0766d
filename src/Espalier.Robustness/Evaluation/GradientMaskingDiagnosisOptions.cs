using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Evaluation;

/// <summary>Options of <see cref="GradientMaskingDiagnosis"/>.</summary>
public sealed record GradientMaskingDiagnosisOptions
{
    /// <summary>What measures a change.</summary>
    public Norm Norm { get; init; } = Norm.LInf;

    /// <summary>The radius that the model is to be robust at, in the inputs' unit; in L0 a number of pixels.</summary>
    public double Epsilon { get; init; } = 8 / 255.0;

    /// <summary>Queries of the black-box attack per input.</summary>
    public int Queries { get; init; } = 1000;

    /// <summary>Steps of the gradient attacks.</summary>
    public int Steps { get; init; } = 40;

    /// <summary>The seed.</summary>
    public int Seed { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Enum.IsDefined(Norm), nameof(Norm), Norm, "must be LInf, L2, L1 or L0");
        OptionsException.Require(Epsilon > 0 && double.IsFinite(Epsilon), nameof(Epsilon), Epsilon, "must be finite and above 0");
        OptionsException.Require(Norm != Norm.L0 || Epsilon >= 1, nameof(Epsilon), Epsilon, "must be at least 1 under L0: it is a number of pixels");
        OptionsException.Require(Queries >= 1, nameof(Queries), Queries, "must be at least 1");
        OptionsException.Require(Steps >= 2, nameof(Steps), Steps, "must be at least 2");
    }
}
