using Espalier.Models;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Regions;

internal sealed class L2Region(RowState clean, double threat, RowState start, double radius, InputBounds bounds, Tensor? scales)
    : PerturbationRegion(radius, bounds, scales)
{
    private const double Tiny = 1e-12;

    public override Tensor Project(Tensor candidates)
    {
        Tensor inside = IntoBall(candidates, start.Value, Radius);
        if (!ReferenceEquals(clean, start))
            inside = IntoBall(inside, clean.Value, threat);
        return Bounds.Clamp(inside);
    }

    // With scales s, the ball is that of u = perturbation / s, whose gradient is s·g: s·(s·g)/|s·g|.
    public override Tensor Steepest(Tensor gradient) => Scaled(Unit(Scaled(gradient)));

    // A uniform direction times radius * u^(1/d).
    public override Tensor Draw(Tensor like, double radius, ExampleRandom random)
    {
        double dimensions = like.numel() / (double)like.shape[0];
        Tensor length = random.Uniform(like.flatten(1).narrow(1, 0, 1), 0, 1).pow(1 / dimensions) * radius;
        return Scaled(Unit(random.Normal(like)) * Perturbations.PerSample(length, like));
    }

    public override Tensor DrawOnSphere(Tensor like, double radius, ExampleRandom random) => Scaled(Unit(random.Normal(like)) * radius);

    private Tensor IntoBall(Tensor candidates, Tensor centers, double radius)
    {
        Tensor perturbation = candidates - centers;
        Tensor shrink = (radius / (Length(perturbation, Scales) + Tiny)).clamp_max(1);
        Tensor inside = perturbation * shrink;
        return centers + (Scales is null ? inside : inside.masked_fill(Scales.eq(0), 0));
    }

    private static Tensor Unit(Tensor v) => v / (Length(v, null) + Tiny);

    private static Tensor Length(Tensor v, Tensor? scales) => Perturbations.PerSample(Perturbations.Size(Norm.L2, v, scales), v);
}
