using Espalier.Benchmarks.Workload;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Schedules;

namespace Espalier.Benchmarks.Overhead;

/// <summary>
/// Shows that the loops compared do the same work: without randomness and schedule, trainer and bare loops go through
/// the same losses.
/// </summary>
public static class SameArithmetic
{
    private const int Steps = 20;

    /// <summary>The largest relative difference from the trainer's losses over the first steps, for each bare loop.</summary>
    /// <param name="batchSize">Samples per step.</param>
    public static (double FlatLoop, double OrdinaryLoop) LargestDifference(int batchSize)
    {
        using var task = new DigitsTask(batchSize);
        using var model = task.NewModel(dropsPaths: false);
        var losses = new Losses();
        TrainerOptions options = task.Options with
        {
            Schedule = new() { Shape = ScheduleShape.Constant },
            Length = Duration.Samples(Steps * batchSize),
        };
        using (new Trainer(options).Fit(new ClassificationObjective(model, task.LabelSmoothing), task.Train, new() { Progress = losses }))
        {
        }

        using var flat = new FlatLoop(task, task.NewModel(dropsPaths: false));
        using var ordinary = new OrdinaryLoop(task, task.NewModel(dropsPaths: false));
        return (Difference(flat, losses.Values), Difference(ordinary, losses.Values));
    }

    private static double Difference(BareLoop loop, List<double> expected) => expected.Max(loss =>
    {
        loop.Step();
        return Math.Abs(loop.Loss - loss) / loss;
    });

    private sealed class Losses : IProgress<TrainingProgress>
    {
        public List<double> Values { get; } = [];

        public void Report(TrainingProgress value) => Values.Add(value.Loss);
    }
}
