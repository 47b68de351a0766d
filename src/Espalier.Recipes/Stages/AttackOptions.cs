using Espalier.Errors;
using Espalier.Robustness.Attacks.Gradient;

namespace Espalier.Recipes.Stages;

/// <summary>How the model is attacked: curves of robust accuracy against the radius by projected gradient descent, and attacks by policy.</summary>
public sealed record AttackOptions
{
    /// <summary>One curve per norm.</summary>
    public IReadOnlyList<AttackCurveOptions> Curves { get; init; } = [];

    /// <summary>Attacks by name, file or text, each at one radius.</summary>
    public IReadOnlyList<PolicyAttackOptions> Policies { get; init; } = [];

    /// <summary>How many test samples are attacked, the first ones; all where null.</summary>
    public int? Samples { get; init; }

    /// <summary>The attack; norm and radius are the curve's. In L0 its steps, restarts and loss are those of <c>pgd0</c>.</summary>
    public ProjectedGradientDescentOptions Pgd { get; init; } = new();

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Curves.Count + Policies.Count > 0, nameof(Curves), 0, "needs at least one curve, { \"norm\": \"lInf\", \"epsilons\": [0.05, 0.1] }, or a policy");
        OptionsException.Require(Samples is null or >= 1, nameof(Samples), Samples, "must be at least 1");
        foreach (AttackCurveOptions curve in Curves)
            OptionsException.Within("curves", curve.Validate);
        foreach (PolicyAttackOptions policy in Policies)
            OptionsException.Within("policies", policy.Validate);
        OptionsException.Within("pgd", Pgd.Validate);
    }
}
