namespace Espalier.Counterfactuals.Search;

/// <summary>Whether logits say the target class, and by how much they fall short of it.</summary>
internal sealed class Validity(WachterOptions options)
{
    // A hinge pulls to just beyond the boundary: half of the iterates that hover about its kink are valid.
    private readonly double _hinge = Needed(options) + 10 * options.Tolerance;

    private readonly double _needed = Needed(options);

    /// <summary>log(p_t / (1 - p_t)), [batch].</summary>
    public static Tensor LogOdds(Tensor logits, Tensor targets)
    {
        Tensor index = targets.unsqueeze(1);
        Tensor isTarget = torch.arange(logits.shape[1], device: logits.device).eq(index);
        return logits.gather(1, index).squeeze(1) - logits.masked_fill(isTarget, double.NegativeInfinity).logsumexp(1);
    }

    /// <summary>Whether the target is as probable as asked for, [batch], bool; false for what is no number.</summary>
    public Tensor Holds(Tensor logOdds) => logOdds.ge(_needed);

    /// <summary>The loss of each sample, [batch].</summary>
    public Tensor Loss(Tensor logOdds) => options.Loss == ValidityLoss.SquaredProbability
        ? (logOdds.sigmoid() - options.DesiredProbability).pow(2)
        : (_hinge - logOdds).clamp_min(0);

    private static double Needed(WachterOptions options) =>
        Math.Log(options.TargetProbability / (1 - options.TargetProbability)) + options.Tolerance;
}
