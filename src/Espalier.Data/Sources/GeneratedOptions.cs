using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>How the generated data sets <c>moons</c> and <c>blobs</c> are drawn.</summary>
public sealed record GeneratedOptions
{
    /// <summary>Number of samples, at least as many as classes.</summary>
    public int Samples { get; init; } = 1000;

    /// <summary>Standard deviation of the noise; null for 0.1 (moons) and 1 (blobs).</summary>
    public double? Noise { get; init; }

    /// <summary>Number of blobs, at least 2; moons are always two.</summary>
    public int Classes { get; init; } = 3;

    /// <summary>Number of features of blobs, at least 1; moons always have two.</summary>
    public int Features { get; init; } = 2;

    /// <summary>The seed: the same options give the same samples on every machine.</summary>
    public int Seed { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Classes >= 2, nameof(Classes), Classes, "must be at least 2");
        OptionsException.Require(Samples >= Classes, nameof(Samples), Samples, $"must be at least the number of classes ({Classes})");
        OptionsException.Require(Features >= 1, nameof(Features), Features, "must be at least 1");
        OptionsException.Require(Noise is null or (>= 0 and < double.PositiveInfinity), nameof(Noise), Noise, "must be 0 or more");
    }
}
