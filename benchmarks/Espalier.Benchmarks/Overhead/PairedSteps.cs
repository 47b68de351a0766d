using System.Diagnostics;
using Espalier.Benchmarks.Workload;
using Espalier.Runs.Store;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Benchmarks.Overhead;

/// <summary>
/// Interleaves blocks of steps of the trainer with blocks of the bare loops, in one process. One <c>Trainer.Fit</c> runs
/// throughout; the bare loops take their turns inside its progress callback, while the trainer's clock stands still. So
/// each round compares neighbours in time, and whatever else the machine does hits all arms alike.
/// </summary>
public sealed class PairedSteps : IProgress<TrainingProgress>, IDisposable
{
    // The first steps of a turn are not counted: the loader has filled its queue during the others' turns, and the
    // caches hold their weights.
    private const int UncountedSteps = 5;

    private readonly DigitsTask _task;
    private readonly BareLoop[] _loops;
    private readonly Run _run;
    private readonly MetricLog _log;
    private readonly string _folder;
    private readonly int _rounds;
    private readonly int _steps;
    private readonly CancellationTokenSource _done = new();
    private readonly List<Block[]> _measured = [];
    private readonly Queue<Arm> _turns = new();
    private readonly List<Block> _round = [];
    private readonly Random _order = new(1);
    private readonly List<double> _times = [];
    private long _stepStart;
    private TimeSpan _cpuStart;
    private int _taken;

    /// <summary>Prepares a comparison.</summary>
    /// <param name="batchSize">Samples per step.</param>
    /// <param name="rounds">How often each arm has a turn.</param>
    /// <param name="steps">Counted steps per turn.</param>
    /// <param name="fixedCostOnly">A linear model instead of the gMLP.</param>
    public PairedSteps(int batchSize, int rounds, int steps, bool fixedCostOnly = false)
    {
        (_rounds, _steps) = (rounds, steps);
        _task = new DigitsTask(batchSize, fixedCostOnly);
        _loops = [new FlatLoop(_task, _task.NewModel()), new OrdinaryLoop(_task, _task.NewModel())];
        _folder = Path.Combine(Path.GetTempPath(), $"espalier-overhead-{Environment.ProcessId}-{batchSize}");
        _run = Run.CreateAt(_folder, new RunManifest { Name = "overhead", Kind = "benchmark" });
        _log = MetricLog.Create(_run);
    }

    /// <summary>Measures.</summary>
    /// <returns>One block per arm for each round.</returns>
    public IReadOnlyList<Block[]> Measure()
    {
        using var model = _task.NewModel();
        StartRound();
        RunBareTurns();
        StartTurn();
        using TrainingResult result = new Trainer(_task.Options).Fit(new ClassificationObjective(model, _task.LabelSmoothing), _task.Train, new() { Progress = this }, _done.Token);
        return _measured[1..];
    }

    /// <summary>Called by the trainer after each step: the end of one step and the start of the next.</summary>
    public void Report(TrainingProgress value)
    {
        if (_turns.Peek() == Arm.TrainerWithLog)
            Log(value);
        if (!StepEnds())
            return;
        EndTurn();
        RunBareTurns();
        StartTurn();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (BareLoop loop in _loops)
            loop.Dispose();
        _log.Dispose();
        _run.Dispose();
        Directory.Delete(_folder, recursive: true);
        _task.Dispose();
        _done.Dispose();
    }

    private void StartRound()
    {
        Arm[] order = Enum.GetValues<Arm>();
        _order.Shuffle(order);
        foreach (Arm arm in order)
            _turns.Enqueue(arm);
    }

    // Until it is the trainer's turn again, or all is measured.
    private void RunBareTurns()
    {
        while (!_done.IsCancellationRequested && _turns.Peek() is Arm.FlatLoop or Arm.OrdinaryLoop)
        {
            BareLoop loop = _loops[_turns.Peek() == Arm.FlatLoop ? 0 : 1];
            StartTurn();
            do
                loop.Step();
            while (!StepEnds());
            EndTurn();
        }
    }

    private void StartTurn()
    {
        _times.Clear();
        _taken = 0;
        _stepStart = Stopwatch.GetTimestamp();
    }

    /// <summary>Notes a step's time; whether it was the turn's last.</summary>
    private bool StepEnds()
    {
        if (_taken >= UncountedSteps)
            _times.Add(Stopwatch.GetElapsedTime(_stepStart).TotalMilliseconds);
        if (++_taken == UncountedSteps)
            _cpuStart = Environment.CpuUsage.TotalTime;
        _stepStart = Stopwatch.GetTimestamp();
        return _times.Count == _steps;
    }

    private void EndTurn()
    {
        double cpu = (Environment.CpuUsage.TotalTime - _cpuStart).TotalMilliseconds / _steps;
        _round.Add(new Block(_turns.Dequeue(), [.. _times], cpu));
        if (_turns.Count > 0)
            return;
        _measured.Add([.. _round.OrderBy(b => b.Arm)]);
        _round.Clear();

        // The first round warms up the compiler and the caches and is dropped.
        if (_measured.Count > _rounds)
            _done.Cancel();
        StartRound();
    }

    // What `espalier run` logs for each step.
    private void Log(TrainingProgress value) => _log.Write(value.State.Step, new Dictionary<string, double>
    {
        ["train.loss"] = value.Loss,
        ["train.learningRate"] = value.LearningRate,
        ["train.gradientNorm"] = value.GradientNorm,
        ["train.samplesPerSecond"] = value.SamplesPerSecond,
        ["train.accuracy"] = value.Accuracy,
        ["train.emaMomentum"] = value.EmaMomentum,
    });
}
