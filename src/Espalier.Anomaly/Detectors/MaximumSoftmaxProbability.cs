using Espalier.Models;

namespace Espalier.Anomaly;

/// <summary>
/// -max_c p_c (Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution Examples", ICLR
/// 2017). Where the model tells its logits, p is computed from them in double: a float softmax saturates into ties.
/// </summary>
/// <param name="classifier">The model whose answers are scored.</param>
public sealed class MaximumSoftmaxProbability(IScoringClassifier classifier) : Detector("msp")
{
    private protected override Tensor ScoreBatch(Tensor inputs)
    {
        Tensor probabilities = classifier is IDifferentiableClassifier differentiable
            ? differentiable.Logits(inputs).cpu().to(torch.float64).softmax(1)
            : classifier.Probabilities(inputs);
        return -probabilities.amax([1]);
    }
}
