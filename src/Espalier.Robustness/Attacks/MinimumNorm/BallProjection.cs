using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Changes brought into balls around zero, of a radius for each sample.</summary>
internal static class BallProjection
{
    private const double Tiny = 1e-12;

    /// <param name="norm">What measures a change.</param>
    /// <param name="changes">[n, ...].</param>
    /// <param name="radii">[n], perhaps infinite.</param>
    /// <returns>The nearest changes in the balls, [n, ...].</returns>
    public static Tensor Project(Norm norm, Tensor changes, Tensor radii)
    {
        Tensor radius = Perturbations.PerSample(radii, changes);
        return norm switch
        {
            Norm.LInf => changes.minimum(radius).maximum(-radius),
            Norm.L2 => changes * (radius / Perturbations.PerSample(Perturbations.Size(Norm.L2, changes) + Tiny, changes)).clamp_max(1),
            Norm.L1 => Shrunk(changes.flatten(1), radii.unsqueeze(1)).view_as(changes),
            _ => throw new OptionsException(nameof(norm), norm, "must be LInf, L2 or L1"),
        };
    }

    /// <summary>
    /// Soft thresholding with the threshold that makes the sum of sizes the radius, found among the sorted sizes (Duchi et
    /// al., "Efficient Projections onto the l1-Ball", ICML 2008).
    /// </summary>
    private static Tensor Shrunk(Tensor changes, Tensor radii)
    {
        Tensor sizes = changes.abs();
        Tensor sorted = sizes.sort(1, descending: true).Values;
        Tensor rank = torch.arange(1, changes.shape[1] + 1, dtype: changes.dtype, device: changes.device);
        Tensor threshold = (sorted.cumsum(1) - radii) / rank;
        Tensor count = sorted.gt(threshold).sum([1], keepdim: true).clamp_min(1);
        Tensor shrunk = (sizes - threshold.gather(1, count - 1).clamp_min(0)).clamp_min(0);
        return shrunk * changes.sign();
    }
}
