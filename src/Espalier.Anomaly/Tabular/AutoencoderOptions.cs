using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Options of <see cref="Autoencoder"/>.</summary>
public sealed record AutoencoderOptions
{
    /// <summary>Width of the hidden layers on both sides, at least 1.</summary>
    public int Hidden { get; init; } = 64;

    /// <summary>Width of the middle, at least 1; half of the varying columns where null.</summary>
    public int? Bottleneck { get; init; }

    /// <summary>Passes over the rows, at least 1.</summary>
    public int Epochs { get; init; } = 50;

    /// <summary>Rows per step, at least 1.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Adam's learning rate at its peak, above 0.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Weight decay, at least 0.</summary>
    public double WeightDecay { get; init; } = 1e-5;

    /// <summary>The network and the order of the rows are a function of this seed.</summary>
    public int Seed { get; init; } = 1;

    internal TabularTraining Training => new(Epochs, BatchSize, LearningRate, WeightDecay, Seed);

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Hidden >= 1, nameof(Hidden), Hidden, "must be at least 1");
        OptionsException.Require(Bottleneck is null or >= 1, nameof(Bottleneck), Bottleneck, "must be at least 1");
        Training.Validate();
    }
}
