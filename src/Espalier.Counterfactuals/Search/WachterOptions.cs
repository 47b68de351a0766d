using Espalier.Counterfactuals.Distances;
using Espalier.Errors;

namespace Espalier.Counterfactuals.Search;

/// <summary>Options of <see cref="Wachter"/>.</summary>
public sealed record WachterOptions
{
    /// <summary>What makes a counterfactual near; the paper's is L1.</summary>
    public CounterfactualDistance Distance { get; init; } = CounterfactualDistance.L1;

    /// <summary>
    /// The scale of a feature in its own unit: one value, or one per feature, row-major, above 0; null is 1. The paper's
    /// are <see cref="MedianAbsoluteDeviation"/> of the training data. Steps are taken in this scale, too.
    /// </summary>
    public IReadOnlyList<double>? FeatureScales { get; init; }

    /// <summary>Features that may not change, by their position in one row-major input, from 0.</summary>
    public IReadOnlyList<int> ImmutableFeatures { get; init; } = [];

    /// <summary>What drives a candidate to its target; the paper's is the squared difference of probabilities.</summary>
    public ValidityLoss Loss { get; init; } = ValidityLoss.SquaredProbability;

    /// <summary>The probability that <see cref="ValidityLoss.SquaredProbability"/> pulls to, in (0, 1].</summary>
    public double DesiredProbability { get; init; } = 1;

    /// <summary>The least probability of the target that makes a counterfactual valid, in (0, 1).</summary>
    public double TargetProbability { get; init; } = 0.5;

    /// <summary>By how much the log-odds of the target must exceed that probability's, so that rounding cannot undo it.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>
    /// The first weight of the loss against the distance. A sample that finds nothing goes on with ten times its weight,
    /// one that does with less, and once both are known with their geometric mean.
    /// </summary>
    public double InitialLambda { get; init; } = 0.1;

    /// <summary>How many weights are tried.</summary>
    public int Rounds { get; init; } = 10;

    /// <summary>Adam steps for each weight.</summary>
    public int Steps { get; init; } = 200;

    /// <summary>
    /// Adam's first step size, in feature scales; falls linearly to 0 over a round. Once a sample has a counterfactual,
    /// it is at most a tenth of that one's largest change.
    /// </summary>
    public double LearningRate { get; init; } = 0.05;

    /// <summary>
    /// Whether the found counterfactual is drawn back along the line to its input as far as it stays valid; costs 20
    /// queries a sample. False is the search as published.
    /// </summary>
    public bool Refine { get; init; } = true;

    /// <summary>How many samples are searched for at once.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Checks what can be checked without the model.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Enum.IsDefined(Distance), nameof(Distance), Distance, "must be L1 or L2");
        OptionsException.Require(Enum.IsDefined(Loss), nameof(Loss), Loss, "must be SquaredProbability or LogOddsHinge");
        OptionsException.Require(FeatureScales is null or { Count: > 0 }, nameof(FeatureScales), "empty", "must hold one value, or one per feature");
        foreach (double scale in FeatureScales ?? [])
            OptionsException.Require(scale > 0 && double.IsFinite(scale), nameof(FeatureScales), scale, "must be above 0 and finite");
        foreach (int feature in ImmutableFeatures)
            OptionsException.Require(feature >= 0, nameof(ImmutableFeatures), feature, "must not be negative");
        OptionsException.Require(DesiredProbability is > 0 and <= 1, nameof(DesiredProbability), DesiredProbability, "must be above 0 and at most 1");
        OptionsException.Require(TargetProbability is > 0 and < 1, nameof(TargetProbability), TargetProbability, "must be above 0 and below 1");
        OptionsException.Require(Loss != ValidityLoss.SquaredProbability || DesiredProbability > TargetProbability, nameof(DesiredProbability), DesiredProbability, $"must exceed the target probability {TargetProbability}");
        OptionsException.Require(Tolerance >= 0, nameof(Tolerance), Tolerance, "must not be negative");
        OptionsException.Require(InitialLambda > 0, nameof(InitialLambda), InitialLambda, "must be above 0");
        OptionsException.Require(Rounds >= 1, nameof(Rounds), Rounds, "must be at least 1");
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(LearningRate > 0, nameof(LearningRate), LearningRate, "must be above 0");
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
    }
}
