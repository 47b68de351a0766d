using Espalier.Errors;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Training;

/// <summary>Options of <see cref="AdversarialTraining"/>; the defaults are TRADES' for MNIST.</summary>
public sealed record AdversarialTrainingOptions
{
    /// <summary>What is minimised.</summary>
    public AdversarialLoss Loss { get; init; } = AdversarialLoss.Trades;

    /// <summary>What measures a change.</summary>
    public Norm Norm { get; init; } = Norm.LInf;

    /// <summary>The largest change, in the inputs' unit; in L0 a number of pixels.</summary>
    public double Epsilon { get; init; } = 0.3;

    /// <summary>Steps of the inner attack, each one gradient.</summary>
    public int Steps { get; init; } = 40;

    /// <summary>
    /// Length of its steps as a share of epsilon; null is 2.5/steps, and in L0, where it is the sum over all features of how far they
    /// move, in shares of their range, that of <see cref="SparseGradientDescentOptions.StepLength"/>.
    /// </summary>
    public double? RelativeStepSize { get; init; }

    /// <summary>For TRADES: the weight β of the divergence.</summary>
    public double Beta { get; init; } = 1;

    /// <summary>Epochs or less over which epsilon grows from 0, in samples seen; 0 starts with the whole.</summary>
    public long WarmupSamples { get; init; }

    /// <summary>Steps of the attack by which progress is judged; 0 judges clean accuracy only.</summary>
    public int EvaluationSteps { get; init; } = 10;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Enum.IsDefined(Loss), nameof(Loss), Loss, "must be Madry or Trades");
        OptionsException.Require(Enum.IsDefined(Norm), nameof(Norm), Norm, "must be LInf, L2, L1 or L0");
        OptionsException.Require(Epsilon >= 0 && double.IsFinite(Epsilon), nameof(Epsilon), Epsilon, "must be finite and not negative");
        OptionsException.Require(Norm != Norm.L0 || Epsilon is 0 or >= 1, nameof(Epsilon), Epsilon, "must be 0 or at least 1 under L0: it is a number of pixels");
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(RelativeStepSize is null or > 0, nameof(RelativeStepSize), RelativeStepSize, "must be above 0");
        OptionsException.Require(Beta >= 0 && double.IsFinite(Beta), nameof(Beta), Beta, "must be finite and not negative");
        OptionsException.Require(WarmupSamples >= 0, nameof(WarmupSamples), WarmupSamples, "must not be negative");
        OptionsException.Require(EvaluationSteps >= 0, nameof(EvaluationSteps), EvaluationSteps, "must not be negative");
    }
}
