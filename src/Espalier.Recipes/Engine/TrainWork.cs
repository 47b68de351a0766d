using System.Globalization;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Engine;

/// <summary>How the training went: curves of loss, accuracy and learning rate.</summary>
internal sealed class TrainWork : RecordedWork<TrainRecord>
{
    public override string Key => "train";

    public override IEnumerable<(string Name, double Value)> Numbers(TrainRecord record)
    {
        yield return ("train.seconds", record.Seconds);
        yield return ("train.samplesPerSecond", record.SamplesPerSecond);
        yield return ("train.steps", record.Steps);
        yield return ("train.loss", record.FinalLoss);
        yield return ("model.parameters", record.Parameters);
        if (record.NoiseScale is { } noise)
            yield return ("train.noiseScale", noise);
    }

    public override IEnumerable<SummaryCard> Cards(TrainRecord record)
    {
        yield return new(string.Create(CultureInfo.InvariantCulture, $"{record.Seconds:0.0} s"), "training time", $"{Format.Count((long)record.SamplesPerSecond)} samples per second");
    }

    public override void Write(TrainRecord record, HtmlReport report, ReportContext context)
    {
        (Run run, Recipe recipe) = (context.Run, context.Recipe);
        IReadOnlyList<MetricRecord> metrics = MetricLog.Read(run.MetricsPath);
        report.Section("Training", string.Create(CultureInfo.InvariantCulture,
            $"{Network(record)} with {record.Parameters:N0} weights saw {record.SamplesSeen:N0} samples ({(double)record.SamplesSeen / record.TrainSamples:0.#} passes over {record.TrainSamples:N0}) in {record.Steps:N0} steps of {recipe.Train.BatchSize}{(record.ValidationSamples > 0 ? string.Create(CultureInfo.InvariantCulture, $", chosen on {record.ValidationSamples:N0} validation samples") : "")}{(record.TestSamples > 0 ? string.Create(CultureInfo.InvariantCulture, $"{(record.ValidationSamples > 0 ? " and" : ",")} judged on {record.TestSamples:N0} test samples it never saw") : "")}."));
        // A density of images has no accuracy.
        IReadOnlyList<ChartSeries> accuracy = Present(
            Smooth(Curve(metrics, "train.accuracy", record.AccuracyLabel, record)),
            Curve(metrics, "validation.accuracy", "validation", record),
            Curve(metrics, "validation.ema.accuracy", "validation, averaged weights", record),
            Curve(metrics, "validation.knn", "nearest neighbours, validation", record),
            Curve(metrics, "validation.ema.knn", "nearest neighbours, averaged weights", record));
        (string, string, string?)[] accuracyPanel = accuracy.Count == 0 ? [] :
        [
            ("Accuracy", new LineChart
            {
                Description = "Training and validation accuracy over the samples seen",
                XLabel = "epoch",
                YLabel = "accuracy",
                YMinimum = 0,
                YMaximum = 1,
                Series = accuracy,
            }.ToSvg(), record.AccuracyNote),
        ];
        report.Panels([
            ("Loss", new LineChart
            {
                Description = "Training and validation loss over the samples seen",
                XLabel = "epoch",
                YLabel = record.LossLabel,
                YMinimum = record.IsLossBounded ? 0 : null,
                Series = Present(
                    Curve(metrics, "train.loss", "", record) with { Faint = true },
                    Smooth(Curve(metrics, "train.loss", "training (smoothed)", record)),
                    Curve(metrics, "validation.loss", "validation", record),
                    Curve(metrics, "validation.ema.loss", "validation, averaged weights", record)),
            }.ToSvg(), record.LossNote),
            .. accuracyPanel,
            ("Learning rate", new LineChart
            {
                Description = "Learning rate over the samples seen",
                XLabel = "epoch",
                YLabel = "learning rate",
                YMinimum = 0,
                Series = Present(Curve(metrics, "train.learningRate", "", record)),
            }.ToSvg(), "Linear warm-up, then the schedule of the recipe, as functions of the samples seen."),
            ("Gradient norm", new LineChart
            {
                Description = "Euclidean norm of the mean gradient before clipping",
                XLabel = "epoch",
                YLabel = "norm before clipping",
                YMinimum = 0,
                Series = Present(
                    Curve(metrics, "train.gradientNorm", "", record) with { Faint = true },
                    Smooth(Curve(metrics, "train.gradientNorm", "", record))),
            }.ToSvg(), recipe.Train.ClipNorm is { } clip ? $"Gradients longer than {Format.Plain(clip)} are scaled down." : null),
        ]);
        if (record.Ranks > 1)
            report.Paragraph($"{record.Ranks} processes trained together and added up their gradients.");
        foreach (string note in record.Notes)
            report.Paragraph($"Note: {note.TrimEnd('.')}.");
        if (record.NoiseScale is { } noise)
            report.Paragraph($"The gradient noise scale was about {Format.Plain(Math.Round(noise))} samples at the end: much larger batches would bring little, and scaling rules would stop holding.");
    }

    private static string Network(TrainRecord record) => record.Network.Length == 0 ? "A model" : $"{("aeio".Contains(record.Network[0], StringComparison.Ordinal) ? "An" : "A")} {record.Network}";

    private static ChartSeries Curve(IReadOnlyList<MetricRecord> metrics, string name, string label, TrainRecord record)
    {
        double stepsPerEpoch = record.Steps / Math.Max(1e-9, (double)record.SamplesSeen / record.TrainSamples);
        return new ChartSeries(label, [.. metrics.Where(m => m.Values.ContainsKey(name)).Select(m => (m.Step / stepsPerEpoch, m.Values[name]))]);
    }

    /// <summary>The running mean over a fortieth of the curve.</summary>
    private static ChartSeries Smooth(ChartSeries series)
    {
        int window = Math.Max(1, series.Points.Count / 40);
        double sum = 0;
        var smooth = new List<(double, double)>();
        for (int i = 0; i < series.Points.Count; i++)
        {
            sum += series.Points[i].Y - (i >= window ? series.Points[i - window].Y : 0);
            smooth.Add((series.Points[i].X, sum / Math.Min(i + 1, window)));
        }

        return series with { Points = smooth };
    }

    private static IReadOnlyList<ChartSeries> Present(params ChartSeries[] series) => [.. series.Where(s => s.Points.Count > 0)];
}
