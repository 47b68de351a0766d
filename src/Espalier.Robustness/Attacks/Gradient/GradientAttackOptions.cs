using Espalier.Errors;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>What every attack along the gradient of a loss is told.</summary>
public abstract record GradientAttackOptions : PerturbationOptions
{
    /// <summary>What is maximised.</summary>
    public AttackLoss Loss { get; init; } = AttackLoss.CrossEntropy;

    /// <summary>
    /// Passes per gradient over a model that answers at random, whose mean is taken (expectation over transformation,
    /// Athalye et al. 2018). 1 for models that do not.
    /// </summary>
    public int ExpectationPasses { get; init; } = 1;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Enum.IsDefined(Loss), nameof(Loss), Loss, "must be CrossEntropy, DifferenceOfLogitsRatio or Margin");
        OptionsException.Require(ExpectationPasses >= 1, nameof(ExpectationPasses), ExpectationPasses, "must be at least 1");
    }
}
