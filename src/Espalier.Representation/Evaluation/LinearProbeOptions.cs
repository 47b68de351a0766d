using Espalier.Errors;

namespace Espalier.Representation.Evaluation;

/// <summary>How <see cref="LinearProbe"/> fits.</summary>
public sealed record LinearProbeOptions
{
    /// <summary>The weights' squared norm times this is added to the mean loss; the bias is free. Above 0, so that there is one optimum.</summary>
    public double L2 { get; init; } = 1e-3;

    /// <summary>The fit ends where no entry of the gradient is larger. Above 0.</summary>
    public double GradientTolerance { get; init; } = 1e-6;

    /// <summary>The fit ends after this many steps in any case, at least 1.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>How many steps L-BFGS remembers, at least 1.</summary>
    public int Memory { get; init; } = 20;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(L2 > 0 && double.IsFinite(L2), nameof(L2), L2, "must be above 0");
        OptionsException.Require(GradientTolerance > 0, nameof(GradientTolerance), GradientTolerance, "must be above 0");
        OptionsException.Require(MaxIterations >= 1, nameof(MaxIterations), MaxIterations, "must be at least 1");
        OptionsException.Require(Memory >= 1, nameof(Memory), Memory, "must be at least 1");
    }
}
