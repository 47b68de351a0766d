using Espalier.Models;

namespace Espalier.Anomaly;

/// <summary>A detector that is a function of the logits.</summary>
public abstract class LogitDetector : Detector
{
    private readonly IDifferentiableClassifier _classifier;

    private protected LogitDetector(string name, IDifferentiableClassifier classifier) : base(name) => _classifier = classifier;

    private protected sealed override Tensor ScoreBatch(Tensor inputs) => FromLogits(_classifier.Logits(inputs).cpu().to(torch.float64));

    /// <param name="logits">[batch, classes], float64.</param>
    /// <returns>[batch].</returns>
    private protected abstract Tensor FromLogits(Tensor logits);
}
