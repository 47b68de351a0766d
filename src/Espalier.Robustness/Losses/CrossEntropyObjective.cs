using static TorchSharp.torch.nn;

namespace Espalier.Robustness.Losses;

internal sealed class CrossEntropyObjective : AttackObjective
{
    public override Tensor Away(Tensor logits, Tensor labels) =>
        functional.cross_entropy(logits, labels, reduction: Reduction.None);

    public override Tensor Toward(Tensor logits, Tensor labels, Tensor targets) =>
        -functional.cross_entropy(logits, targets, reduction: Reduction.None);
}
