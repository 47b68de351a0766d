namespace Espalier.Counterfactuals.Distances;

/// <summary>What makes a counterfactual near; changes are measured in the scale of their feature.</summary>
public enum CounterfactualDistance
{
    /// <summary>Sum of |x'_k - x_k| / scale_k: few features change. Wachter et al. scale by the median absolute deviation.</summary>
    L1,

    /// <summary>Sum of squares of (x'_k - x_k) / scale_k: many features change a little.</summary>
    L2,
}
