using Espalier.Errors;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Recipes.Stages;

/// <summary>An attack by name, file or text at one radius, evaluated in full.</summary>
public sealed record PolicyAttackOptions
{
    /// <summary>
    /// A policy's name (<c>autoattack</c>, <c>caa</c>, <c>autoae</c>, ...), its file, or its text, such as
    /// <c>mt(t=50) -> cw(t=125)</c>. Where left out, what suits the model: AutoAttack with gradients, Square with scores,
    /// HopSkipJump with labels; under L0 <c>sparse</c>, Sparse-RS and random pixels.
    /// </summary>
    public string? Policy { get; init; }

    /// <summary>The norm that measures a change.</summary>
    public Norm Norm { get; init; } = Norm.LInf;

    /// <summary>The largest change, in units of the inputs; the policy's own where null.</summary>
    public double? Epsilon { get; init; }

    /// <summary>How the stages are chained where the policy is a chain; the policy says it where null.</summary>
    public ChainMode? Mode { get; init; }

    /// <summary>How many samples are attacked at once.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Workers, budgets, the second look.</summary>
    public RobustnessEvaluationOptions Evaluation { get; init; } = new();

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Enum.IsDefined(Norm), nameof(Norm), Norm, "must be lInf, l2, l1 or l0");
        OptionsException.Require(Epsilon is null || (Epsilon >= 0 && double.IsFinite(Epsilon.Value)), nameof(Epsilon), Epsilon, "must be finite and not negative");
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
        OptionsException.Within("evaluation", Evaluation.Validate);
        if (Policy is { } policy)
            AttackPolicy.Open(policy, Norm);
    }
}
