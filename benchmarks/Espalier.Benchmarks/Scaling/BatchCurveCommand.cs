using System.Diagnostics;
using System.Globalization;
using Espalier.Benchmarks.Overhead;
using Espalier.Benchmarks.Workload;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Benchmarks.Scaling;

/// <summary><c>batch-curve [--threads N] [--steps N]</c>: the time of a step and of a sample over the batch size, digits gMLP.</summary>
internal static class BatchCurveCommand
{
    private static readonly int[] Batches = [4, 8, 16, 32, 64, 128, 256, 512, 1024];

    public static void Run(CommandArguments arguments)
    {
        if (arguments.Number("--threads") is { } threads)
            torch.set_num_threads(threads);
        int count = arguments.Number("--steps") ?? 30;
        Write($"threads {torch.get_num_threads()}");
        Console.WriteLine("batch   ms / step   us / sample   samples / s");
        foreach (int batch in Batches)
        {
            double step = Step(batch, count);
            Write($"{batch,5}   {step,9:0.000}   {1000 * step / batch,11:0.0}   {1000 * batch / step,11:0}");
        }
    }

    private static double Step(int batch, int count)
    {
        using var task = new DigitsTask(batch);
        using var model = task.NewModel();
        var steps = new List<double>();
        long last = Stopwatch.GetTimestamp();
        using var done = new CancellationTokenSource();
        using TrainingResult result = new Trainer(task.Options).Fit(new ClassificationObjective(model, task.LabelSmoothing), task.Train, new()
        {
            Progress = new Watch(() =>
        {
            steps.Add(Stopwatch.GetElapsedTime(last).TotalMilliseconds);
            last = Stopwatch.GetTimestamp();
            if (steps.Count == count + 5)
                done.Cancel();
        })
        }, done.Token);
        return Quantiles.Median(steps.Skip(5));
    }

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed class Watch(Action report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report();
    }
}
