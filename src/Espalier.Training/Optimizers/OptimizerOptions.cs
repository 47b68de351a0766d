using Espalier.Errors;

namespace Espalier.Training.Optimizers;

/// <summary>Which optimizer trains, and its settings at the base batch size.</summary>
public sealed record OptimizerOptions
{
    /// <summary>The optimizer.</summary>
    public OptimizerKind Kind { get; init; } = OptimizerKind.AdamW;

    /// <summary>Peak learning rate at the base batch size.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Momentum of SGD and LARS, in [0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether SGD uses Nesterov's form.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Decay of the first moment (Adam), in [0, 1).</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment (Adam, RMSProp), in [0, 1).</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>What keeps the division of Adam and RMSProp finite.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Weight decay; never applied to biases and other one-dimensional parameters.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Where weight decay ends, on a cosine from <see cref="WeightDecay"/> (DINO); constant where null.</summary>
    public double? FinalWeightDecay { get; init; }

    /// <summary>LARS's trust coefficient η.</summary>
    public double TrustCoefficient { get; init; } = 1e-3;

    /// <summary>Which form of LARS.</summary>
    public LarsVariant LarsVariant { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), LearningRate, "must be above 0");
        OptionsException.Require(Momentum is >= 0 and < 1, nameof(Momentum), Momentum, "must lie in [0, 1)");
        OptionsException.Require(Beta1 is >= 0 and < 1, nameof(Beta1), Beta1, "must lie in [0, 1)");
        OptionsException.Require(Beta2 is >= 0 and < 1, nameof(Beta2), Beta2, "must lie in [0, 1)");
        OptionsException.Require(Epsilon >= 0, nameof(Epsilon), Epsilon, "must not be negative");
        OptionsException.Require(WeightDecay >= 0, nameof(WeightDecay), WeightDecay, "must not be negative");
        OptionsException.Require(FinalWeightDecay is null or >= 0, nameof(FinalWeightDecay), FinalWeightDecay, "must not be negative");
        OptionsException.Require(TrustCoefficient > 0, nameof(TrustCoefficient), TrustCoefficient, "must be above 0");
        OptionsException.Require(!Nesterov || Kind == OptimizerKind.Sgd, nameof(Nesterov), Nesterov, "only SGD has Nesterov's form");
    }

    /// <summary>Weight decay after a part of the training.</summary>
    /// <param name="progress">In [0, 1].</param>
    internal double WeightDecayAt(double progress) => FinalWeightDecay is { } final
        ? final + ((WeightDecay - final) * (1 + Math.Cos(Math.PI * progress)) / 2)
        : WeightDecay;

    /// <summary>The values that a change of batch size rescales.</summary>
    internal Hyperparameters BaseHyperparameters => new(LearningRate, Momentum, Beta1, Beta2, Epsilon, WeightDecay);
}
