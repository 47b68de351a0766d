using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Options of <see cref="GaussianMixture"/>.</summary>
public sealed record GaussianMixtureOptions
{
    /// <summary>Components, at least 1. Many of them give the outliers among the training rows a component of their own.</summary>
    public int Components { get; init; } = 1;

    /// <summary>Steps of expectation maximization at most, at least 1.</summary>
    public int Steps { get; init; } = 200;

    /// <summary>The mean log-likelihood gains less than this in the last step, above 0.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Starts of which the best is kept, at least 1.</summary>
    public int Starts { get; init; } = 2;

    /// <summary>What is added to each variance, in squared standard deviations of the columns; above 0.</summary>
    public double Ridge { get; init; } = 1e-6;

    /// <summary>The starts are a function of this seed and the rows.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Components >= 1, nameof(Components), Components, "must be at least 1");
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(Tolerance > 0, nameof(Tolerance), Tolerance, "must be above 0");
        OptionsException.Require(Starts >= 1, nameof(Starts), Starts, "must be at least 1");
        OptionsException.Require(Ridge > 0, nameof(Ridge), Ridge, "must be above 0");
    }
}
