using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Outliers;
using Espalier.Errors;
using Espalier.Metrics;
using Espalier.Models;

namespace Espalier.Anomaly.Evaluation;

/// <summary>
/// All detectors on one model, each against every set of outliers, under the paper's protocol: one pass through the network for
/// each set feeds them all. Beside them the detection of the model's own mistakes and its calibration before and after temperature
/// scaling. What is recommended rests on validation outliers and held-out samples alone; the test is for reporting.
/// </summary>
public sealed class OodBenchmark
{
    private readonly OodBenchmarkOptions _options;

    /// <summary>Creates the benchmark.</summary>
    /// <param name="options">Detectors and protocol; all of them and the paper's where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="NotFoundException">There is no detector of a name.</exception>
    public OodBenchmark(OodBenchmarkOptions? options = null)
    {
        _options = options ?? new();
        _options.Validate();
    }

    /// <summary>Measures.</summary>
    /// <param name="classifier">The model; a <see cref="FeatureClassifier"/> for detectors that use features.</param>
    /// <param name="data">In-distribution samples.</param>
    /// <param name="sets">The outliers, at least one set, none empty, none twice.</param>
    /// <param name="progress">Told how much is done, in [0, 1].</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="OptionsException">A detector that was asked for does not suit the model, or two sets have one name.</exception>
    /// <exception cref="DataException">A set is empty or holds a test sample, or a score is NaN.</exception>
    public OodBenchmarkResult Run(IScoringClassifier classifier, OodBenchmarkData data, IReadOnlyList<OutlierSet> sets, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        Check(data, sets);
        var skipped = new List<(string, string)>();
        List<ScoreRule> rules = Rules(classifier, skipped);
        try
        {
            return Run(rules, skipped, classifier, data, sets, progress, cancellationToken);
        }
        finally
        {
            rules.ForEach(r => r.Dispose());
        }
    }

    private OodBenchmarkResult Run(List<ScoreRule> rules, List<(string Detector, string Reason)> skipped, IScoringClassifier classifier, OodBenchmarkData data, IReadOnlyList<OutlierSet> sets, IProgress<double>? progress, CancellationToken stop)
    {
        using var scope = torch.NewDisposeScope();
        // Passes of the model over its own data, rules fitted, and rules on each set.
        int parts = 3 + rules.Count + (sets.Count * rules.Count), done = 0;
        void Advance(int steps) => progress?.Report(Math.Min(1, (double)(done += steps) / parts));
        Dictionary<string, double[]> heldOutScores = [], testScores = [];
        Dictionary<(string, string), double[]> setScores = [];
        Tensor fitLabels = data.FitLabels.cpu();
        using NetworkOutputs heldOut = NetworkOutputs.Of(classifier, data.HeldOutInputs, _options.BatchSize, stop);
        using NetworkOutputs test = NetworkOutputs.Of(classifier, data.TestInputs, _options.BatchSize, stop);
        Advance(2);
        using (NetworkOutputs fit = NetworkOutputs.Of(classifier, data.FitInputs, _options.BatchSize, stop))
        {
            Advance(1);
            foreach (ScoreRule rule in rules.ToArray())
            {
                stop.ThrowIfCancellationRequested();
                try
                {
                    rule.Fit(fit, fitLabels);
                    heldOutScores[rule.Text] = Scores(rule, heldOut, data.HeldOutInputs);
                    testScores[rule.Text] = Scores(rule, test, data.TestInputs);
                }
                catch (EspalierException error) when (_options.Detectors is null)
                {
                    skipped.Add((rule.Text, error.Message));
                    rules.Remove(rule);
                    rule.Dispose();

                    // Nor will it be on any set.
                    parts -= sets.Count;
                }

                Advance(1);
            }
        }

        if (rules.Count == 0)
            throw new OptionsException("detectors", "all", $"must hold one that suits the model: {skipped.FirstOrDefault().Reason}");
        var outlierLogits = new Dictionary<string, Tensor>();
        for (int i = 0; i < sets.Count; i++)
        {
            stop.ThrowIfCancellationRequested();
            OutlierSet set = sets[i];
            using NetworkOutputs outputs = NetworkOutputs.Of(classifier, set.Inputs, _options.BatchSize, stop);
            foreach (ScoreRule rule in rules)
            {
                stop.ThrowIfCancellationRequested();
                setScores[(rule.Text, set.Name)] = Scores(rule, outputs, set.Inputs);
                Advance(1);
            }

            outlierLogits[set.Name] = outputs.Logits.clone();
        }

        var protocol = new DetectionProtocol(_options.Protocol);
        OodBenchmarkRow[] rows = [.. from rule in rules
                                     from set in sets
                                     let inliers = set.Group == OutlierGroup.Validation ? heldOutScores[rule.Text] : testScores[rule.Text]
                                     select new OodBenchmarkRow(rule.Text, set.Name, set.Group, protocol.Measure(inliers, setScores[(rule.Text, set.Name)]))];
        bool[] right = [.. test.Logits.argmax(1).eq(data.TestLabels.cpu()).data<bool>()];
        TemperatureScaler scaler = TemperatureScaler.Fit(heldOut.Logits, data.HeldOutLabels.cpu());
        Tensor[] foreign = [.. sets.Where(s => s.Group != OutlierGroup.Validation).Select(s => outlierLogits[s.Name])];
        return new OodBenchmarkResult(right.Count(r => r) / (double)right.Length, rows, [.. rules.Select(r => Errors(r.Text, testScores[r.Text], right))], scaler.Temperature,
            [.. Calibrations(protocol, scaler, test.Logits, data.TestLabels.cpu(), right, foreign)], skipped);

        double[] Scores(ScoreRule rule, NetworkOutputs outputs, Tensor inputs)
        {
            using var inner = torch.NewDisposeScope();
            if (!rule.Needs.HasFlag(DetectorNeeds.Gradients))
                return rule.Score(outputs).data<double>().ToArray();
            using NetworkOutputs moved = Detector.Outputs(rule, classifier, inputs, _options.BatchSize, stop);
            return rule.Score(moved).data<double>().ToArray();
        }
    }

    private static ErrorDetectionRow Errors(string detector, double[] scores, bool[] right)
    {
        double[] wrong = [.. scores.Where((_, i) => !right[i])];
        double[] correct = [.. scores.Where((_, i) => right[i])];
        DetectionMetrics? metrics = wrong.Length > 0 && correct.Length > 0 ? DetectionMetrics.Of(correct, wrong) : null;
        return new ErrorDetectionRow(detector, metrics, SelectiveAccuracy.RiskCoverage([.. scores.Select(s => -s)], right));
    }

    private static IEnumerable<CalibrationRow> Calibrations(DetectionProtocol protocol, TemperatureScaler scaler, Tensor logits, Tensor labels, bool[] right, Tensor[] foreign)
    {
        int classes = (int)logits.shape[1];
        yield return Row("softmax", new TemperatureScaler(1), rescale: false);
        yield return Row("temperature", scaler, rescale: false);
        yield return Row("temperature, rescaled", scaler, rescale: true);

        CalibrationRow Row(string name, TemperatureScaler at, bool rescale)
        {
            using var scope = torch.NewDisposeScope();
            Tensor probabilities = at.Probabilities(logits);
            double[] own = Confidence(probabilities);
            (double rms, double mad, double f1) = (double.NaN, double.NaN, double.NaN);
            if (foreign.Length > 0)
            {
                (double Rms, double Mad, double F1)[] mixed = [.. foreign.Select(outliers => Mixed(own, Confidence(at.Probabilities(outliers))))];
                (rms, mad, f1) = (mixed.Average(m => m.Rms), mixed.Average(m => m.Mad), mixed.Average(m => m.F1));
            }

            return new CalibrationRow(name, CalibrationError.Expected(own, right), rescale ? double.NaN : LogLoss.Of(probabilities, labels), rescale ? double.NaN : BrierScore.Of(probabilities, labels), rms, mad, f1);

            double[] Confidence(Tensor p)
            {
                double[] top = [.. p.amax([1]).data<double>()];
                return rescale ? TemperatureScaler.Rescale(top, classes) : top;
            }
        }

        // The same draws as those of the detectors: a share of the outliers, several times.
        (double Rms, double Mad, double F1) Mixed(double[] own, double[] outliers)
        {
            (double rms, double mad, double f1, int draws) = (0, 0, 0, 0);
            foreach (ReadOnlyMemory<double> draw in protocol.Draws(own.Length, outliers))
            {
                double[] confidences = [.. own, .. draw.Span];
                bool[] correct = [.. right, .. new bool[draw.Length]];
                rms += CalibrationError.RootMeanSquare(confidences, correct);
                mad += CalibrationError.MeanAbsolute(confidences, correct);
                f1 += SoftF1.Of(confidences, correct);
                draws++;
            }

            return (rms / draws, mad / draws, f1 / draws);
        }
    }

    private List<ScoreRule> Rules(IScoringClassifier classifier, List<(string, string)> skipped)
    {
        var rules = new List<ScoreRule>();
        try
        {
            foreach (string text in _options.Detectors ?? DetectorCatalog.Split("all"))
            {
                ScoreRule rule = DetectorCatalog.Create(text);
                if (rule.Suits(classifier, out string reason))
                {
                    rules.Add(rule);
                    continue;
                }

                rule.Dispose();
                OptionsException.Require(_options.Detectors is null, "detectors", text, $"must suit the model: {reason}");
                skipped.Add((text, reason));
            }

            OptionsException.Require(rules.Select(r => r.Text).Distinct().Count() == rules.Count, "detectors", string.Join(", ", rules.Select(r => r.Text)), "must hold each once");
            return rules;
        }
        catch
        {
            rules.ForEach(r => r.Dispose());
            throw;
        }
    }

    private static void Check(OodBenchmarkData data, IReadOnlyList<OutlierSet> sets)
    {
        OptionsException.Require(sets.Count > 0, nameof(sets), "empty", "needs at least one set of outliers");
        string? twice = sets.GroupBy(s => s.Name).FirstOrDefault(g => g.Count() > 1)?.Key;
        OptionsException.Require(twice is null, nameof(sets), twice, "must hold each name once");
        foreach ((string what, Tensor inputs, Tensor labels) in new[] { ("fit samples", data.FitInputs, data.FitLabels), ("held-out samples", data.HeldOutInputs, data.HeldOutLabels), ("test samples", data.TestInputs, data.TestLabels) })
        {
            if (inputs.shape[0] == 0)
                throw new DataException(what, "there are none", "give at least one");
            if (labels.dim() != 1 || labels.shape[0] != inputs.shape[0])
                throw new ShapeException($"labels of {what}", labels.shape, $"[{inputs.shape[0]}]");
        }

        foreach (OutlierSet set in sets)
        {
            if (set.Inputs.shape[0] == 0)
                throw new DataException(set.Name, "holds no outliers", "give at least one, or leave the set out");
            DuplicateRows.Refuse(set.Inputs.cpu(), set.Name, (set.Group == OutlierGroup.Validation ? data.HeldOutInputs : data.TestInputs).cpu(),
                set.Group == OutlierGroup.Validation ? "the held-out samples" : "the test samples");
        }
    }
}
