namespace Espalier.Robustness;

/// <summary>Options of <see cref="AdversarialTraining"/>; the defaults are TRADES' for MNIST.</summary>
public sealed record AdversarialTrainingOptions
{
    /// <summary>What is minimised.</summary>
    public AdversarialLoss Loss { get; init; } = AdversarialLoss.Trades;

    /// <summary>What measures a change.</summary>
    public Norm Norm { get; init; } = Norm.LInf;

    /// <summary>The largest change, in the inputs' unit.</summary>
    public double Epsilon { get; init; } = 0.3;

    /// <summary>Steps of the inner attack, each one gradient.</summary>
    public int Steps { get; init; } = 40;

    /// <summary>Length of its steps as a share of epsilon; null is 2.5/steps.</summary>
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
        OptionsException.Require(Norm is Norm.LInf or Norm.L2 or Norm.L1, nameof(Norm), Norm, "must be LInf, L2 or L1");
        OptionsException.Require(Epsilon >= 0 && double.IsFinite(Epsilon), nameof(Epsilon), Epsilon, "must be finite and not negative");
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(RelativeStepSize is null or > 0, nameof(RelativeStepSize), RelativeStepSize, "must be above 0");
        OptionsException.Require(Beta >= 0 && double.IsFinite(Beta), nameof(Beta), Beta, "must be finite and not negative");
        OptionsException.Require(WarmupSamples >= 0, nameof(WarmupSamples), WarmupSamples, "must not be negative");
        OptionsException.Require(EvaluationSteps >= 0, nameof(EvaluationSteps), EvaluationSteps, "must not be negative");
    }
}
