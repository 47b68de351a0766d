using System.Globalization;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Evaluation;
using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Models;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Stages;

/// <summary>Confronts a detector with test inputs and with outliers of each kind.</summary>
internal sealed class DetectStage : RecipeStage<AuditSubject, DetectOptions, DetectRecord>
{
    public override string Key => "detect";

    public override void Validate(DetectOptions options, Recipe recipe)
    {
        options.Validate();
        options.ValidateFor(recipe);
    }

    public override DetectRecord Run(AuditSubject model, DetectOptions options, StageContext context) => Run(model.Context(context), options);

    public override IEnumerable<(string Name, double Value)> Numbers(DetectRecord record) => Summarize(record);

    public override string Describe(DetectRecord record) =>
        "AUROC " + string.Join(", ", record.Outliers.Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.Kind} {o.Auroc:0.000}")));

    public override void Write(DetectRecord record, HtmlReport report, ReportContext context) => DetectSection.Write(report, record);

    public override IEnumerable<SummaryCard> Cards(DetectRecord record)
    {
        yield return new(Format.Number(record.Outliers.Average(o => o.Auroc)), "foreign inputs told apart", "mean AUROC; 1 is perfect, 0.5 is chance");
    }

    private const int ExamplesPerKind = 5;

    public static DetectRecord Run(AuditContext context, DetectOptions options)
    {
        if (context.Texts is not null)
            options.ValidateForText();
        else
            options.ValidateFor(context.Test.InputShape);
        IReadOnlyList<string> wanted = options.KindsFor(context.Test.InputShape);
        using var scope = torch.NewDisposeScope();
        string name = options.DetectorFor(context.Recipe);
        using Scorer scorer = Scorer.Of(name, context, options);
        using Tensor inside = DatasetAnswers.Of(context.Test, scorer.Detector.Score, context.CancellationToken);
        double[] inliers = Values(inside);
        var protocol = new DetectionProtocol(options.Protocol with { Seed = context.Seed });
        var kinds = new List<DetectedOutliers>();
        foreach (string kind in wanted)
        {
            using var kindScope = torch.NewDisposeScope();
            context.CancellationToken.ThrowIfCancellationRequested();
            (string set, Tensor outliers) = Load(kind, context, options);
            double[] scores = Scores(scorer.Detector, outliers);
            DetectionResult result = protocol.Measure(inliers, scores);
            kinds.Add(new DetectedOutliers(set, [.. scores.Select(s => (float)s)], result.Auroc, result.AveragePrecision, result.BaseRate, result.FalsePositiveRate,
                context.Texts is not null ? [] : ImageSamples.Rows(outliers.narrow(0, 0, Math.Min(ExamplesPerKind, outliers.shape[0])))));
            context.Progress?.Report((double)kinds.Count / wanted.Count);
        }

        return new DetectRecord(name, context.Test.InputShape, ValueRange.Of(context.Test.Bounds), [.. inliers.Select(s => (float)s)], kinds) { RecallLevel = options.Protocol.RecallLevel };
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
            Bounds = context.Test.Bounds,
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

    private static double[] Scores(IAnomalyDetector detector, Tensor inputs)
    {
        using Tensor scores = detector.Score(inputs);
        return Values(scores);
    }

    private static double[] Values(Tensor scores) => [.. ImageSamples.Floats(scores).Select(s => (double)s)];

    /// <summary>A detector on the model, with what must live as long as it.</summary>
    private sealed class Scorer : IDisposable
    {
        private readonly IDisposable?[] _owned;

        private Scorer(IAnomalyDetector detector, params IDisposable?[] owned) => (Detector, _owned) = (detector, owned);

        public IAnomalyDetector Detector { get; }

        public static Scorer Of(string name, AuditContext context, DetectOptions options)
        {
            if (OwnScores.IsKnown(name))
                return new(OwnScores.Open(name, context.Network));
            ScoreRule rule = DetectorCatalog.Create(name);
            FeatureClassifier? features = rule.Needs.HasFlag(DetectorNeeds.Features) && context.Classifier is TorchClassifier module ? FeatureClassifier.Of(module, options.Layer) : null;
            Detector? detector = null;
            try
            {
                detector = new Detector(rule, features ?? (IScoringClassifier)context.Classifier);
                if (rule.Needs.HasFlag(DetectorNeeds.Fit))
                {
                    using LabelledBatch train = context.Train.First(options.Fit);
                    detector.Fit(train.Inputs, train.Labels, context.CancellationToken);
                }

                return new(detector, detector, features);
            }
            catch
            {
                detector?.Dispose();
                features?.Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            foreach (IDisposable? each in _owned)
                each?.Dispose();
        }
    }
}
