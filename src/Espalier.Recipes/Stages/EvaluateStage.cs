using Espalier.Data;
using Espalier.Metrics;
using Espalier.Models;

namespace Espalier.Recipes.Stages;

/// <summary>Judges a classifier on the test split.</summary>
internal static class EvaluateStage
{
    public static EvaluationNumbers Run(IScoringClassifier classifier, Dataset test, EvaluateOptions options)
    {
        using var scope = torch.NewDisposeScope();
        Tensor probabilities = DatasetAnswers.Probabilities(classifier, test);
        ConfusionMatrix confusion = ConfusionMatrix.Of(probabilities.argmax(1), test.Labels, test.ClassCount);
        return new EvaluationNumbers(
            Accuracy.Of(probabilities, test.Labels),
            LogLoss.Of(probabilities, test.Labels),
            BrierScore.Of(probabilities, test.Labels),
            CalibrationError.Expected(probabilities, test.Labels, options.CalibrationBins),
            CalibrationError.RootMeanSquare(probabilities, test.Labels),
            confusion.MacroF1,
            [.. Enumerable.Range(0, test.ClassCount).Select(t => (IReadOnlyList<long>)[.. Enumerable.Range(0, test.ClassCount).Select(p => confusion[t, p])])],
            ReliabilityDiagram.EqualWidth(probabilities, test.Labels, options.CalibrationBins).Bins);
    }

    public static IEnumerable<(string Name, double Value)> Summarize(string prefix, EvaluationNumbers n) =>
    [
        ($"{prefix}.accuracy", n.Accuracy),
        ($"{prefix}.logLoss", n.LogLoss),
        ($"{prefix}.brier", n.Brier),
        ($"{prefix}.ece", n.Ece),
        ($"{prefix}.rmsCalibration", n.RmsCalibration),
        ($"{prefix}.macroF1", n.MacroF1),
    ];
}
