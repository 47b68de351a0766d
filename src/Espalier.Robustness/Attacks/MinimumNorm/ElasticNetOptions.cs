using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Options of <see cref="ElasticNet"/>; the defaults are the paper's, with 500 steps for each of nine weights.</summary>
public sealed record ElasticNetOptions : TradeoffOptions
{
    /// <summary>L1 decides which adversarial input is the smallest.</summary>
    public ElasticNetOptions() => (Norm, Steps) = (Norm.L1, 500);

    /// <summary>β: the weight of the sum of all changes, and what a feature must gain to be changed at all.</summary>
    public double Beta { get; init; } = 0.01;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        RequireNorm(Norm is Norm.L1 or Norm.L2, "L1 or L2");
        OptionsException.Require(Beta >= 0 && double.IsFinite(Beta), nameof(Beta), Beta, "must not be negative");
    }
}
