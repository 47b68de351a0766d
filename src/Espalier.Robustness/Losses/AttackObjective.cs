using Espalier.Errors;

namespace Espalier.Robustness.Losses;

/// <summary>A loss per sample that an attack maximises.</summary>
internal abstract class AttackObjective
{
    public static AttackObjective Of(AttackLoss loss) => loss switch
    {
        AttackLoss.CrossEntropy => new CrossEntropyObjective(),
        AttackLoss.DifferenceOfLogitsRatio => new LogitsRatioObjective(),
        AttackLoss.Margin => new MarginObjective(),
        _ => throw new OptionsException(nameof(loss), loss, "must be CrossEntropy, DifferenceOfLogitsRatio or Margin"),
    };

    /// <param name="logits">[batch, classes].</param>
    /// <param name="labels">[batch], the true classes.</param>
    /// <returns>[batch]; the larger, the further from the true class.</returns>
    public abstract Tensor Away(Tensor logits, Tensor labels);

    /// <param name="logits">[batch, classes].</param>
    /// <param name="labels">[batch], the true classes.</param>
    /// <param name="targets">[batch], the classes wanted.</param>
    /// <returns>[batch]; the larger, the nearer to the target.</returns>
    public abstract Tensor Toward(Tensor logits, Tensor labels, Tensor targets);

    protected static Tensor Of(Tensor logits, Tensor classes) => logits.gather(1, classes.unsqueeze(1)).squeeze(1);

    /// <summary>max_{j≠y} z_j - z_y, [batch].</summary>
    public static Tensor Margin(Tensor logits, Tensor labels) => Others(logits, labels).amax([1]) - Of(logits, labels);

    /// <summary>The logits with that of one class at minus infinity, [batch, classes].</summary>
    public static Tensor Others(Tensor logits, Tensor labels)
    {
        Tensor isLabel = torch.arange(logits.shape[1], device: logits.device).eq(labels.unsqueeze(1));
        return logits.masked_fill(isLabel, double.NegativeInfinity);
    }
}
