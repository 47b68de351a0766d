using Espalier.Errors;

namespace Espalier.Representation.Losses;

/// <summary>
/// BYOL's loss (Grill et al., NeurIPS 2020, equation 2): the squared distance between prediction and target, each row
/// divided by its own norm; 2 - 2·cos of their angle.
/// </summary>
public static class ByolLoss
{
    /// <summary>
    /// One direction of the loss, summed over the samples. The symmetric loss of the paper is the sum of the two directions,
    /// Of(q(v1), z'(v2)) + Of(q(v2), z'(v1)), over the number of samples; that sum is the caller's.
    /// </summary>
    /// <param name="predictions">The online network's predictions, [n, d].</param>
    /// <param name="targets">The target network's projections of the other view, [n, d]; no gradient flows into them.</param>
    /// <returns>A scalar in [0, 4n].</returns>
    /// <exception cref="ShapeException">The tensors are not both [n, d].</exception>
    public static Tensor Of(Tensor predictions, Tensor targets)
    {
        EmbeddingPair.Check(predictions, nameof(predictions), targets, nameof(targets), atLeast: 1);
        Tensor fixedTargets = EmbeddingPair.Normalized(targets.detach());
        return (EmbeddingPair.Normalized(predictions) - fixedTargets).pow(2).sum();
    }
}
