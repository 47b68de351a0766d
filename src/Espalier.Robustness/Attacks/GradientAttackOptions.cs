namespace Espalier.Robustness;

/// <summary>What every gradient attack is told.</summary>
public abstract record GradientAttackOptions
{
    /// <summary>How the size of a perturbation is measured.</summary>
    public Norm Norm { get; init; } = Norm.LInf;

    /// <summary>
    /// The largest perturbation, in the unit of the inputs; 0 leaves them as they are. For images in [0, 1], 8/255 in
    /// L-inf and 0.5 in L2 are customary.
    /// </summary>
    public double Epsilon { get; init; } = 8 / 255.0;

    /// <summary>What is maximised.</summary>
    public AttackLoss Loss { get; init; } = AttackLoss.CrossEntropy;

    /// <summary>Whether a sample is left alone once it is fooled; otherwise its loss is raised to the end.</summary>
    public bool StopWhenFooled { get; init; } = true;

    /// <summary>How many samples are attacked at once.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>The random starts are a function of this seed.</summary>
    public int Seed { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public virtual void Validate()
    {
        OptionsException.Require(Enum.IsDefined(Norm), nameof(Norm), Norm, "must be LInf or L2");
        OptionsException.Require(Epsilon >= 0 && double.IsFinite(Epsilon), nameof(Epsilon), Epsilon, "must be finite and not negative");
        OptionsException.Require(Enum.IsDefined(Loss), nameof(Loss), Loss, "must be CrossEntropy, DifferenceOfLogitsRatio or Margin");
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
    }
}
