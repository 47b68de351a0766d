using Espalier.Errors;

namespace Espalier.Counterfactuals.Distances;

/// <summary>The distance term of the objective, as a function of scaled changes u = (x' - x) / scale.</summary>
internal abstract class Proximity
{
    public static Proximity Of(CounterfactualDistance distance) => distance switch
    {
        CounterfactualDistance.L1 => new L1Proximity(),
        CounterfactualDistance.L2 => new L2Proximity(),
        _ => throw new OptionsException(nameof(distance), distance, "must be L1 or L2"),
    };

    /// <summary>The distance of each sample, [batch]; for L2 the length itself, not its square.</summary>
    public abstract Tensor Cost(Tensor u);

    /// <summary>The gradient of the term's smooth part; null where it has none.</summary>
    public abstract Tensor? SmoothGradient(Tensor u);

    /// <summary>The proximal step of the rest, for step sizes per element.</summary>
    public abstract Tensor Shrink(Tensor u, Tensor stepSizes);
}
