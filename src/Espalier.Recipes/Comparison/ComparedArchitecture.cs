using System.Text.Json.Serialization;

namespace Espalier.Recipes.Comparison;

/// <summary>One architecture of a comparison.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Number of weights.</param>
/// <param name="MultiplyAdds">Multiply-adds for one image; null where they are not known.</param>
/// <param name="Accuracy">On the test split.</param>
/// <param name="LogLoss">On the test split, in nats.</param>
/// <param name="Ece">Expected calibration error on the test split.</param>
/// <param name="SamplesPerSecond">Of the training.</param>
/// <param name="Seconds">Of the training.</param>
public sealed record ComparedArchitecture(string Name, long Parameters, long? MultiplyAdds, double Accuracy, double LogLoss, double Ece, double SamplesPerSecond, double Seconds)
{
    /// <summary>Validation accuracy over the epochs.</summary>
    [JsonIgnore]
    public IReadOnlyList<(double Epoch, double Accuracy)> Curve { get; init; } = [];
}
