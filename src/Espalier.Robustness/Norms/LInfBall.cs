namespace Espalier.Robustness;

internal sealed class LInfBall : NormBall
{
    public override Tensor Steepest(Tensor gradient) => gradient.sign();

    // Drawn on the CPU, so that a seed means the same on every device.
    public override Tensor Sample(Tensor like, double radius, torch.Generator generator) =>
        torch.empty(like.shape, dtype: like.dtype).uniform_(-radius, radius, generator).to(like.device);

    public override Tensor Size(Tensor perturbation) => perturbation.flatten(1).abs().amax([1]);

    protected override Tensor IntoBall(Tensor candidates, Tensor centers, double radius) =>
        candidates.maximum(centers - radius).minimum(centers + radius);
}
