using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// What a linear head and the main directions of the features do not explain: ‖R'(z - u)‖, u = -W⁺b, R the eigenvectors of
/// (1/n) Σ (z - u)(z - u)' beyond the d largest (Wang et al., "ViM: Out-Of-Distribution with Virtual-logit Matching", CVPR 2022).
/// </summary>
internal static class PrincipalResidual
{
    /// <summary>d where nothing else is said: the paper's for wide features, half of narrow ones.</summary>
    public static long Dimensions(int? wanted, long width, string rule)
    {
        long dimensions = wanted ?? (width >= 2048 ? 1000 : width >= 768 ? 512 : width / 2);
        OptionsException.Require(dimensions >= 1 && dimensions < width, "dim", dimensions, $"must be at least 1 and below the {width} features: '{rule}' measures what is left of them");
        return dimensions;
    }

    /// <summary>Origin u, [D], and a basis: of the residual, or of the main space where that is the smaller.</summary>
    public static (Tensor Origin, Tensor Basis, bool IsResidual) Fit(Tensor features, LinearHead head, long dimensions)
    {
        Tensor origin = torch.linalg.pinv(head.Weight).matmul(head.Bias).neg();
        Tensor centered = features - origin;
        (Tensor _, Tensor vectors) = torch.linalg.eigh(centered.t().matmul(centered) / features.shape[0]);      // ascending
        long width = features.shape[1];
        bool isResidual = width - dimensions <= dimensions;
        return (origin, isResidual ? vectors.narrow(1, 0, width - dimensions).contiguous() : vectors.narrow(1, width - dimensions, dimensions).contiguous(), isResidual);
    }

    /// <summary>‖R'(z - u)‖, [n].</summary>
    public static Tensor Norm(Tensor features, Tensor origin, Tensor basis, bool isResidual)
    {
        Tensor centered = features - origin;
        Tensor projected = centered.matmul(basis);
        return isResidual
            ? projected.pow(2).sum([1L]).sqrt()
            : (centered - projected.matmul(basis.t())).pow(2).sum([1L]).sqrt();
    }
}
