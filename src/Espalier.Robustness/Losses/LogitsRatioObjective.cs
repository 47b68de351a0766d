namespace Espalier.Robustness.Losses;

internal sealed class LogitsRatioObjective : AttackObjective
{
    private const double Tiny = 1e-12;

    public override Tensor Away(Tensor logits, Tensor labels)
    {
        Tensor margin = Margin(logits, labels);
        if (logits.shape[1] < 3)
            return margin;
        Tensor sorted = logits.topk(3, 1).values;
        return margin / (sorted.select(1, 0) - sorted.select(1, 2) + Tiny);
    }

    public override Tensor Toward(Tensor logits, Tensor labels, Tensor targets)
    {
        Tensor difference = Of(logits, targets) - Of(logits, labels);
        if (logits.shape[1] < 4)
            return difference;
        Tensor sorted = logits.topk(4, 1).values;
        return difference / (sorted.select(1, 0) - (sorted.select(1, 2) + sorted.select(1, 3)) / 2 + Tiny);
    }
}
