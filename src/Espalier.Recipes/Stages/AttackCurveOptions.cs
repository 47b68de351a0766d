using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Recipes.Stages;

/// <summary>One curve of robust accuracy.</summary>
public sealed record AttackCurveOptions
{
    /// <summary>The norm that measures a perturbation.</summary>
    public Norm Norm { get; init; } = Norm.LInf;

    /// <summary>The radii, in units of the inputs; in L0 numbers of pixels.</summary>
    public IReadOnlyList<double> Epsilons { get; init; } = [];

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Epsilons.Count > 0, nameof(Epsilons), 0, "needs at least one radius");
        foreach (double epsilon in Epsilons)
        {
            OptionsException.Require(epsilon >= 0 && double.IsFinite(epsilon), nameof(Epsilons), epsilon, "must be finite and not negative");
            OptionsException.Require(Norm != Norm.L0 || epsilon is 0 or >= 1, nameof(Epsilons), epsilon, "must be 0 or at least 1 in l0: it is a number of pixels");
        }
    }
}
