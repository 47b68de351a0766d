using System.Globalization;
using Espalier.Anomaly;
using Espalier.Data;
using Espalier.Models;

namespace Espalier.Recipes.Stages;

/// <summary>Confronts a detector with test inputs and with outliers of each kind.</summary>
internal static class DetectStage
{
    private const int ExamplesPerKind = 5;

    public static DetectRecord Run(AuditContext context, DetectOptions options)
    {
        if (context.Texts is not null)
            options.ValidateForText();
        else
            options.ValidateFor(context.Test.InputShape);
        IReadOnlyList<string> wanted = options.KindsFor(context.Test.InputShape);
        using var scope = torch.NewDisposeScope();
        Batch test = context.Test.All();
        ScoreRule rule = DetectorCatalog.Create(options.Detector);
        using FeatureClassifier? features = rule.Needs.HasFlag(DetectorNeeds.Features) && context.Classifier is TorchClassifier module ? FeatureClassifier.Of(module, options.Layer) : null;
        using var detector = new Detector(rule, features ?? (IScoringClassifier)context.Classifier);
        if (rule.Needs.HasFlag(DetectorNeeds.Fit))
        {
            using Batch train = context.Train.First(options.Fit);
            detector.Fit(train.Inputs, train.Labels, context.CancellationToken);
        }

        double[] inliers = Scores(detector, test.Inputs);
        var protocol = new DetectionProtocol(options.Protocol with { Seed = context.Seed });
        var kinds = new List<DetectedOutliers>();
        foreach (string kind in wanted)
        {
            using var kindScope = torch.NewDisposeScope();
            context.CancellationToken.ThrowIfCancellationRequested();
            (string name, Tensor outliers) = Load(kind, context, options);
            double[] scores = Scores(detector, outliers);
            DetectionResult result = protocol.Measure(inliers, scores);
            kinds.Add(new DetectedOutliers(name, [.. scores.Select(s => (float)s)], result.Auroc, result.AveragePrecision, result.BaseRate, result.FalsePositiveRate,
                context.Texts is not null ? [] : ImageSamples.Rows(outliers.narrow(0, 0, Math.Min(ExamplesPerKind, outliers.shape[0])))));
            context.Progress?.Report((double)kinds.Count / wanted.Count);
        }

        return new DetectRecord(options.Detector, context.Test.InputShape, ValueRange.Of(context.Classifier.Bounds), [.. inliers.Select(s => (float)s)], kinds) { RecallLevel = options.Protocol.RecallLevel };
    }

    private static (string Name, Tensor Outliers) Load(string kind, AuditContext context, DetectOptions options)
    {
        int count = options.Count ?? context.Test.Count;
        if (context.Texts is { } texts)
        {
            using Dataset text = texts(kind);
            return (kind, text.First(count).Inputs);
        }

        OutlierSource source = OutlierSource.Open(kind);
        return (source.Name, source.Load(new OutlierRequest
        {
            Shape = context.Test.InputShape,
            Bounds = context.Classifier.Bounds,
            Count = count,
            Seed = context.Seed,
            Inliers = context.Test,
        }).to(context.Test.Device));
    }

    public static IEnumerable<(string Name, double Value)> Summarize(DetectRecord record) => record.Outliers.SelectMany(o => new[]
    {
        ($"detect.{o.Kind}.auroc", o.Auroc),
        ($"detect.{o.Kind}.aupr", o.Aupr),
        (string.Create(CultureInfo.InvariantCulture, $"detect.{o.Kind}.fpr{100 * record.RecallLevel:0.#}"), o.FalsePositiveRate),
    });

    private static double[] Scores(Detector detector, Tensor inputs)
    {
        using Tensor scores = detector.Score(inputs);
        return [.. ImageSamples.Floats(scores).Select(s => (double)s)];
    }
}
