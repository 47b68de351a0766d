using Espalier.Metrics;

namespace Espalier.Recipes.Stages;

/// <summary>How one set of weights does on the test split.</summary>
/// <param name="Accuracy">Share of right predictions.</param>
/// <param name="LogLoss">Mean negative log-likelihood, in nats.</param>
/// <param name="Brier">Brier score.</param>
/// <param name="Ece">Expected calibration error.</param>
/// <param name="RmsCalibration">Root-mean-square calibration error.</param>
/// <param name="MacroF1">Mean F1 over the classes.</param>
/// <param name="Confusion">Counts, [true class][predicted class].</param>
/// <param name="Reliability">The calibration bins.</param>
public sealed record EvaluationNumbers(
    double Accuracy, double LogLoss, double Brier, double Ece, double RmsCalibration, double MacroF1,
    IReadOnlyList<IReadOnlyList<long>> Confusion, IReadOnlyList<ReliabilityBin> Reliability);
