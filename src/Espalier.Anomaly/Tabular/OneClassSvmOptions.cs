using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Options of <see cref="OneClassSvm"/>.</summary>
public sealed record OneClassSvmOptions
{
    /// <summary>ν, in (0, 1]: at most this share of the training rows lies outside, at least this share supports the border.</summary>
    public double Nu { get; init; } = 0.5;

    /// <summary>γ of the kernel exp(−γ‖x−y‖²), above 0; 1/(columns · variance) where null.</summary>
    public double? Gamma { get; init; }

    /// <summary>Largest violation of the optimality conditions at the end, above 0.</summary>
    public double Tolerance { get; init; } = 1e-3;

    /// <summary>Rows that are learned from at most, at least 2: time grows with their square. A sample is drawn where there are more.</summary>
    public int MaxRows { get; init; } = 10_000;

    /// <summary>Whether columns are brought to standard units first; otherwise the one with the largest numbers decides.</summary>
    public bool Standardize { get; init; } = true;

    /// <summary>The sample is a function of this seed.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Nu is > 0 and <= 1, nameof(Nu), Nu, "must be above 0 and at most 1");
        OptionsException.Require(Gamma is null or > 0, nameof(Gamma), Gamma, "must be above 0");
        OptionsException.Require(Tolerance > 0, nameof(Tolerance), Tolerance, "must be above 0");
        OptionsException.Require(MaxRows >= 2, nameof(MaxRows), MaxRows, "must be at least 2");
    }
}
