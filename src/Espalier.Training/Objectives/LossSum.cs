namespace Espalier.Training.Objectives;

/// <summary>
/// The loss of a micro-batch as a <em>sum</em> with its <em>weight</em>, not a mean: gradients are divided once, by the
/// weight of the whole optimizer step, so that accumulation over ragged micro-batches equals the large batch exactly.
/// </summary>
/// <param name="Sum">The summed loss, a scalar with an autograd graph.</param>
/// <param name="Weight">
/// What it is the sum over: samples, tokens, valid labels. 0 where a micro-batch chanced upon nothing, with a sum of 0; a step
/// of weight 0 leaves the weights as they are.
/// </param>
/// <param name="Correct">How many predictions of this micro-batch were right, a scalar; null where that means nothing.</param>
public readonly record struct LossSum(Tensor Sum, double Weight, Tensor? Correct = null)
{
    /// <summary>A summed loss that is minimised beside and not reported, such as an online probe's, a scalar; or null.</summary>
    public Tensor? Auxiliary { get; init; }
}
