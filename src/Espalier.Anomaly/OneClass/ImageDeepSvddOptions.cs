using Espalier.Errors;

namespace Espalier.Anomaly.OneClass;

/// <summary>Options of <see cref="ImageDeepSvdd"/>; the defaults are the authors' for MNIST (Ruff et al. 2018, section 4 and code).</summary>
public sealed record ImageDeepSvddOptions
{
    /// <summary>Channels of the convolutions, each followed by batch norm, leaky ReLU and pooling by 2; at least one.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [8, 4];

    /// <summary>Side of their kernels, odd.</summary>
    public int Kernel { get; init; } = 5;

    /// <summary>Width of the representation, at least 1.</summary>
    public int Representation { get; init; } = 32;

    /// <summary>Whether a sphere of learned radius is fitted that may leave <see cref="Nu"/> of the images outside, instead of all distances made small.</summary>
    public bool SoftBoundary { get; init; }

    /// <summary>ν of the soft boundary, in (0, 1).</summary>
    public double Nu { get; init; } = 0.1;

    /// <summary>Passes over the images, at least 1.</summary>
    public int Epochs { get; init; } = 150;

    /// <summary>Passes over the images in which an autoencoder with the same encoder learns first; 0 starts from random weights.</summary>
    public int PretrainingEpochs { get; init; } = 150;

    /// <summary>Of the soft boundary: passes before the radius is learned, in which all distances are made small; not negative.</summary>
    public int WarmupEpochs { get; init; } = 10;

    /// <summary>Images per step, at least 2.</summary>
    public int BatchSize { get; init; } = 200;

    /// <summary>Adam's learning rate at its peak, above 0; it falls on half a cosine (the authors': to a tenth after a third).</summary>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>Weight decay, not negative.</summary>
    public double WeightDecay { get; init; } = 5e-7;

    /// <summary>Weight decay of the autoencoder, not negative.</summary>
    public double PretrainingWeightDecay { get; init; } = 5e-4;

    /// <summary>The network and the order of the images are a function of this seed.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Channels.Count >= 1 && Channels.All(c => c >= 1), nameof(Channels), string.Join(", ", Channels), "must hold numbers of at least 1");
        OptionsException.Require(Kernel >= 1 && Kernel % 2 == 1, nameof(Kernel), Kernel, "must be odd");
        OptionsException.Require(Representation >= 1, nameof(Representation), Representation, "must be at least 1");
        OptionsException.Require(Nu is > 0 and < 1, nameof(Nu), Nu, "must be above 0 and below 1");
        OptionsException.Require(Epochs >= 1, nameof(Epochs), Epochs, "must be at least 1");
        OptionsException.Require(PretrainingEpochs >= 0, nameof(PretrainingEpochs), PretrainingEpochs, "must not be negative");
        OptionsException.Require(WarmupEpochs >= 0, nameof(WarmupEpochs), WarmupEpochs, "must not be negative");
        OptionsException.Require(BatchSize >= 2, nameof(BatchSize), BatchSize, "must be at least 2");
        OptionsException.Require(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), LearningRate, "must be above 0");
        OptionsException.Require(WeightDecay >= 0, nameof(WeightDecay), WeightDecay, "must not be negative");
        OptionsException.Require(PretrainingWeightDecay >= 0, nameof(PretrainingWeightDecay), PretrainingWeightDecay, "must not be negative");
    }
}
