using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// An attack that seeks the smallest change that fools the model, rather than the highest loss in a ball. The family
/// keeps the smallest adversarial input; it counts as a success where it lies within epsilon. One that lies further is
/// brought into the ball and looked at once more: that may undo it.
/// </summary>
public abstract class MinimumNormAttack : Attack
{
    /// <summary>Creates the attack.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    private protected MinimumNormAttack(MinimumNormOptions options) : base(options)
    {
    }

    /// <summary>What the attack was told.</summary>
    public new MinimumNormOptions Options => (MinimumNormOptions)base.Options;

    /// <inheritdoc/>
    public override Access Access => Access.Gradients;

    /// <inheritdoc/>
    public sealed override double Complexity => SearchComplexity + (Options.RefinementSteps / 2.0);

    /// <summary>Complexity without the refinement.</summary>
    private protected abstract double SearchComplexity { get; }

    internal sealed override void Perturb(AttackedBatch batch)
    {
        using var scope = torch.NewDisposeScope();
        var smallest = new SmallestAdversarials(batch, Options.Epsilon);
        try
        {
            Search(batch, smallest);
            smallest.Refine(Options.RefinementSteps);
        }
        catch (QueryBudgetException)
        {
            smallest.OfferInside();
            throw;
        }

        smallest.OfferInside();
        smallest.OfferOutside();
    }

    /// <summary>Has every iterate considered that may be the smallest.</summary>
    private protected abstract void Search(AttackedBatch batch, SmallestAdversarials smallest);

    /// <summary>How far the model is from where the attack wants it: z_y - max_{j≠y} z_j, or max_{j≠t} z_j - z_t; below 0 is fooled.</summary>
    private protected static Tensor Resistance(ActiveSamples active, Tensor scores) => -AttackedBatch.Margin(scores, active.Labels, active.Targets);

    /// <summary>Looks at iterates and takes the gradient of a loss of the scores.</summary>
    private protected static Ascent Climb(AttackedBatch batch, ActiveSamples active, Tensor x, Func<Tensor, Tensor> loss) =>
        batch.Climb(active, x, loss, offer: false);

    /// <summary>Looks at iterates: one query each.</summary>
    private protected static Verdict Look(AttackedBatch batch, ActiveSamples active, Tensor x) =>
        batch.Climb(active, x, scores => scores.select(1, 0), gradient: false, offer: false).Verdict;

    /// <summary>From the first to the last value along half a cosine.</summary>
    private protected static double Cosine(double first, double last, int step, int steps) =>
        last + ((first - last) * (1 + Math.Cos(Math.PI * step / steps)) / 2);
}
