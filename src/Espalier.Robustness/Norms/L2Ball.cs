namespace Espalier.Robustness;

internal sealed class L2Ball : NormBall
{
    private const double Tiny = 1e-12;

    public override Tensor Steepest(Tensor gradient) => gradient / (Length(gradient) + Tiny);

    // A uniform direction times radius * u^(1/d); drawn on the CPU, so that a seed means the same on every device.
    public override Tensor Sample(Tensor like, double radius, torch.Generator generator)
    {
        long[] perSample = [like.shape[0], .. Enumerable.Repeat(1L, (int)like.dim() - 1)];
        double dimensions = like.numel() / (double)like.shape[0];
        Tensor direction = Steepest(torch.randn(like.shape, dtype: like.dtype, generator: generator));
        Tensor length = torch.rand(perSample, dtype: like.dtype, generator: generator).pow(1 / dimensions) * radius;
        return (direction * length).to(like.device);
    }

    public override Tensor Size(Tensor perturbation) => perturbation.flatten(1).pow(2).sum(1).sqrt();

    protected override Tensor IntoBall(Tensor candidates, Tensor centers, double radius)
    {
        Tensor perturbation = candidates - centers;
        Tensor shrink = (radius / (Length(perturbation) + Tiny)).clamp_max(1);
        return centers + perturbation * shrink;
    }

    // [batch, 1, ...]
    private Tensor Length(Tensor perturbation)
    {
        long[] perSample = [perturbation.shape[0], .. Enumerable.Repeat(1L, (int)perturbation.dim() - 1)];
        return Size(perturbation).view(perSample);
    }
}
