namespace Espalier.Counterfactuals.Distances;

internal sealed class L2Proximity : Proximity
{
    public override Tensor Cost(Tensor u) => u.flatten(1).pow(2).sum(1).sqrt();

    public override Tensor? SmoothGradient(Tensor u) => 2 * u;

    public override Tensor Shrink(Tensor u, Tensor stepSizes) => u;
}
