namespace Espalier.Counterfactuals.Distances;

internal sealed class L1Proximity : Proximity
{
    public override Tensor Cost(Tensor u) => u.flatten(1).abs().sum(1);

    public override Tensor? SmoothGradient(Tensor u) => null;

    // Soft threshold: changes that do not pay are exactly zero, which a subgradient never makes them.
    public override Tensor Shrink(Tensor u, Tensor stepSizes) => u.sign() * (u.abs() - stepSizes).clamp_min(0);
}
