using Espalier.Runs.Store;
using Espalier.Training.Loop;

namespace Espalier.Recipes.Engine;

/// <summary>Passes the trainer's reports on: to the metric log and to whoever watches.</summary>
internal sealed class TrainingLog(MetricLog log, IProgress<StageProgress>? progress) : IProgress<TrainingProgress>
{
    /// <summary>The numbers of the latest evaluation; null before the first.</summary>
    public IReadOnlyDictionary<string, double>? LatestEvaluation { get; private set; }

    public void Report(TrainingProgress value)
    {
        LatestEvaluation = value.Evaluation ?? LatestEvaluation;
        var numbers = new Dictionary<string, double>
        {
            ["train.loss"] = value.Loss,
            ["train.learningRate"] = value.LearningRate,
            ["train.gradientNorm"] = value.GradientNorm,
            ["train.samplesPerSecond"] = value.SamplesPerSecond,
        };
        if (!double.IsNaN(value.Accuracy))
            numbers["train.accuracy"] = value.Accuracy;
        if (!double.IsNaN(value.EmaMomentum))
            numbers["train.emaMomentum"] = value.EmaMomentum;
        foreach ((string name, double number) in value.Evaluation ?? new Dictionary<string, double>())
            numbers[$"validation.{name}"] = number;
        log.Write(value.State.Step, numbers);
        progress?.Report(new StageProgress("train", (double)value.State.SamplesSeen / value.State.TotalSamples, null, value));
    }
}
