using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Options of <see cref="DeepSvdd"/>; objective, centre and decay are Ruff et al. 2018, the sizes are for tables.</summary>
public sealed record DeepSvddOptions
{
    /// <summary>Width of the hidden layer, at least 1.</summary>
    public int Hidden { get; init; } = 64;

    /// <summary>Width of the representation, at least 1.</summary>
    public int Representation { get; init; } = 32;

    /// <summary>Whether a sphere of learned radius is fitted that may leave <see cref="Nu"/> of the rows outside, instead of all distances made small.</summary>
    public bool SoftBoundary { get; init; }

    /// <summary>ν of the soft boundary, in (0, 1).</summary>
    public double Nu { get; init; } = 0.1;

    /// <summary>Passes over the rows, at least 1.</summary>
    public int Epochs { get; init; } = 50;

    /// <summary>Rows per step, at least 1.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Adam's learning rate at its peak, above 0.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Weight decay, at least 0.</summary>
    public double WeightDecay { get; init; } = 5e-7;

    /// <summary>The network and the order of the rows are a function of this seed.</summary>
    public int Seed { get; init; } = 1;

    internal TabularTraining Training => new(Epochs, BatchSize, LearningRate, WeightDecay, Seed);

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Hidden >= 1, nameof(Hidden), Hidden, "must be at least 1");
        OptionsException.Require(Representation >= 1, nameof(Representation), Representation, "must be at least 1");
        OptionsException.Require(Nu is > 0 and < 1, nameof(Nu), Nu, "must be above 0 and below 1");
        Training.Validate();
    }
}
