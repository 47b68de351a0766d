namespace Espalier.Training.Scaling;

/// <summary>How a recipe follows the batch size: see <see cref="ScalingRule"/>.</summary>
public sealed record ScalingOptions
{
    /// <summary>The learning rate.</summary>
    public LearningRateScaling LearningRate { get; init; }

    /// <summary>Heavy-ball momentum.</summary>
    public MomentumScaling Momentum { get; init; }

    /// <summary>The moment decays of Adam and RMSProp.</summary>
    public BetaScaling Betas { get; init; }

    /// <summary>The momentum of the model EMA.</summary>
    public EmaScaling Ema { get; init; }

    /// <summary>Whether second moments are divided by the factor where a batch schedule changes the batch size.</summary>
    public bool TransferMoments { get; init; } = true;
}
