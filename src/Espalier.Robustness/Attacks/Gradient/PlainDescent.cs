using Espalier.Robustness.Losses;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>Projected gradient descent in any norm from one random start: under L0, where a share of the radius is no length of a step, PGD₀.</summary>
internal static class PlainDescent
{
    /// <summary>The attack.</summary>
    /// <param name="norm">What measures a change.</param>
    /// <param name="epsilon">The largest change; under L0 a number of pixels.</param>
    /// <param name="steps">Steps, each one gradient.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="loss">What is maximised.</param>
    public static Attack Of(Norm norm, double epsilon, int steps, int seed, AttackLoss loss = AttackLoss.CrossEntropy) => norm == Norm.L0
        ? new SparseGradientDescent(new() { Epsilon = epsilon, Steps = steps, Restarts = 1, Loss = loss, Seed = seed })
        : new ProjectedGradientDescent(new() { Norm = norm, Epsilon = epsilon, Steps = steps, Loss = loss, Seed = seed });
}
