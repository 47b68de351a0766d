using Espalier.Models;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// Inputs of a box as x = middle + half · tanh w with free w; a feature without bounds on both sides is its own w, and
/// clipped.
/// </summary>
internal sealed class TanhBox(InputBounds bounds)
{
    // The ends of the box lie at infinity: inputs begin a little inside.
    private const double Inside = 0.999999;

    /// <summary>w of inputs.</summary>
    public Tensor Free(Tensor inputs)
    {
        (Tensor middle, Tensor half, Tensor isBounded) = Parts(inputs);
        return torch.where(isBounded, ((inputs - middle) / half * Inside).clamp(-Inside, Inside).atanh(), inputs);
    }

    /// <summary>The inputs of w.</summary>
    public Tensor Inputs(Tensor free)
    {
        (Tensor middle, Tensor half, Tensor isBounded) = Parts(free);
        return bounds.Clamp(torch.where(isBounded, middle + half * free.tanh(), free));
    }

    /// <summary>dx/dw.</summary>
    public Tensor Slope(Tensor free)
    {
        (_, Tensor half, Tensor isBounded) = Parts(free);
        return torch.where(isBounded, half * (1 - free.tanh().pow(2)), torch.ones_like(free));
    }

    private (Tensor Middle, Tensor Half, Tensor IsBounded) Parts(Tensor like)
    {
        Tensor lower = bounds.LowerTensor(like);
        Tensor upper = bounds.UpperTensor(like);
        Tensor half = (upper - lower) / 2;
        Tensor isBounded = half.isfinite().logical_and(half.gt(0));
        return (torch.where(isBounded, (upper + lower) / 2, torch.zeros_like(half)), torch.where(isBounded, half, torch.ones_like(half)), isBounded);
    }
}
