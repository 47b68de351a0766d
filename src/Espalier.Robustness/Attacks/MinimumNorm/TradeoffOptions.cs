using Espalier.Errors;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>What the attacks are told that weigh the size of the change against the classification loss.</summary>
public abstract record TradeoffOptions : MinimumNormOptions
{
    /// <summary>Steps for each weight, each one gradient; fewer where a sample does not get on any more.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>How many weights are tried.</summary>
    public int SearchSteps { get; init; } = 9;

    /// <summary>c, the first weight of the classification loss.</summary>
    public double InitialTradeoff { get; init; } = 1e-3;

    /// <summary>Length of a step.</summary>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>κ: the least margin, in logits, by which an input must be misclassified.</summary>
    public double Confidence { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(SearchSteps >= 1, nameof(SearchSteps), SearchSteps, "must be at least 1");
        OptionsException.Require(InitialTradeoff > 0 && double.IsFinite(InitialTradeoff), nameof(InitialTradeoff), InitialTradeoff, "must be above 0");
        OptionsException.Require(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), LearningRate, "must be above 0");
        OptionsException.Require(Confidence >= 0 && double.IsFinite(Confidence), nameof(Confidence), Confidence, "must not be negative");
    }
}
