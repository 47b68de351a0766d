using Espalier.Models;

namespace Espalier.Robustness;

/// <summary>The ball of a radius around an input, in one norm, cut with the box of legal inputs.</summary>
internal abstract class NormBall
{
    public static NormBall Of(Norm norm) => norm switch
    {
        Norm.LInf => new LInfBall(),
        Norm.L2 => new L2Ball(),
        _ => throw new OptionsException(nameof(norm), norm, "must be LInf or L2"),
    };

    /// <summary>The direction of one unit in which a linear function of this gradient grows most, per sample.</summary>
    public abstract Tensor Steepest(Tensor gradient);

    /// <summary>Perturbations drawn from the ball, uniformly by volume.</summary>
    public abstract Tensor Sample(Tensor like, double radius, torch.Generator generator);

    /// <summary>The size of each sample's perturbation, [batch].</summary>
    public abstract Tensor Size(Tensor perturbation);

    /// <summary>
    /// The candidates brought into the ball around their centers, then into the box. The centers are in the box, so the
    /// second step cannot lead out of the ball.
    /// </summary>
    public Tensor Project(Tensor candidates, Tensor centers, double radius, InputBounds bounds) =>
        bounds.Clamp(IntoBall(candidates, centers, radius));

    protected abstract Tensor IntoBall(Tensor candidates, Tensor centers, double radius);
}
