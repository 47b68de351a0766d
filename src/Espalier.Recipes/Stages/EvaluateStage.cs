using System.Globalization;
using Espalier.Data;
using Espalier.Metrics;
using Espalier.Models;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Stages;

/// <summary>Judges a classifier on the test split.</summary>
internal sealed class EvaluateStage : RecipeStage<AuditSubject, EvaluateOptions, EvaluateRecord>
{
    public override string Key => "evaluate";

    public override void Validate(EvaluateOptions options, Recipe recipe) => options.Validate();

    // What has no classes is judged by its task.
    public override bool Applies(TrainedModel model) => model.As<AuditSubject>() is not { Classifier: null };

    public override EvaluateRecord Run(AuditSubject model, EvaluateOptions options, StageContext context)
    {
        Dataset test = model.Splits.Test;
        return new EvaluateRecord(test.ClassNames, test.Count, Run(model.Raw!, test, options), model.Averaged is null ? null : Run(model.Averaged, test, options));
    }

    public override IEnumerable<(string Name, double Value)> Numbers(EvaluateRecord record) =>
        [.. Summarize("evaluate", record.Raw), .. record.Ema is null ? [] : Summarize("evaluate.ema", record.Ema)];

    public override string Describe(EvaluateRecord record) =>
        string.Create(CultureInfo.InvariantCulture, $"test accuracy {record.Raw.Accuracy:P2}{(record.Ema is null ? "" : string.Create(CultureInfo.InvariantCulture, $", averaged weights {record.Ema.Accuracy:P2}"))}");

    public override void Write(EvaluateRecord record, HtmlReport report, ReportContext context) => EvaluateSection.Write(report, record);

    public override IEnumerable<SummaryCard> Cards(EvaluateRecord record)
    {
        EvaluationNumbers best = record.Ema ?? record.Raw;
        string weights = record.Ema is null ? "" : "averaged weights, ";
        yield return new(Format.Percent(best.Accuracy), "test accuracy", $"{weights}{Format.Count(record.Samples)} test samples");
        yield return new(Format.Percent(best.Ece), "calibration error", "how far stated confidence is off");
    }

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
            ReliabilityDiagram.EqualCount(probabilities, test.Labels, Math.Max(1, test.Count / options.CalibrationBins)).Bins);
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
