using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>How the networks of <see cref="DeepSvdd"/> and <see cref="Autoencoder"/> are trained.</summary>
internal sealed record TabularTraining(int Epochs, int BatchSize, double LearningRate, double WeightDecay, int Seed)
{
    public void Validate()
    {
        OptionsException.Require(Epochs >= 1, nameof(Epochs), Epochs, "must be at least 1");
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
        OptionsException.Require(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), LearningRate, "must be above 0");
        OptionsException.Require(WeightDecay >= 0, nameof(WeightDecay), WeightDecay, "must not be negative");
    }
}
