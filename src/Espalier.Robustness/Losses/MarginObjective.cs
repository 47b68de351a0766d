namespace Espalier.Robustness.Losses;

internal sealed class MarginObjective : AttackObjective
{
    public override Tensor Away(Tensor logits, Tensor labels) => Margin(logits, labels);

    public override Tensor Toward(Tensor logits, Tensor labels, Tensor targets) => Of(logits, targets) - Of(logits, labels);
}
