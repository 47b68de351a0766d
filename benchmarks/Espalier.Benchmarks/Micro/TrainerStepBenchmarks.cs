using BenchmarkDotNet.Attributes;
using Espalier.Benchmarks.Workload;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Benchmarks.Micro;

/// <summary>
/// An optimizer step of the digits gMLP. The trainer is called as a whole and includes its set-up, spread over the steps
/// of one call; BenchmarkDotNet runs one method after the other, so for ratios of a few per cent use
/// <c>trainer-overhead</c>, which interleaves them.
/// </summary>
public class TrainerStepBenchmarks : IDisposable
{
    private const int Steps = 20;

    private DigitsTask _task = null!;
    private BareLoop _flat = null!;
    private BareLoop _ordinary = null!;

    /// <summary>Samples per step.</summary>
    [Params(64, 256)]
    public int BatchSize { get; set; }

    /// <summary>Makes data and loops.</summary>
    [GlobalSetup]
    public void Load()
    {
        torch.set_num_threads(1);
        _task = new DigitsTask(BatchSize);
        _flat = new FlatLoop(_task, _task.NewModel());
        _ordinary = new OrdinaryLoop(_task, _task.NewModel());
    }

    /// <summary><see cref="Espalier.Training.Loop.Trainer.Fit"/>.</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public void Trainer()
    {
        using var model = _task.NewModel();
        TrainerOptions options = _task.Options with { Length = Duration.Samples(Steps * BatchSize) };
        new Trainer(options).Fit(new ClassificationObjective(model, _task.LabelSmoothing), _task.Train).Dispose();
    }

    /// <summary>The smallest loop with the trainer's arithmetic.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Steps)]
    public void FlatLoop() => Run(_flat);

    /// <summary>The loop as one writes it with TorchSharp.</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public void OrdinaryLoop() => Run(_ordinary);

    /// <summary>Frees everything.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _flat.Dispose();
        _ordinary.Dispose();
        _task.Dispose();
        GC.SuppressFinalize(this);
    }

    private static void Run(BareLoop loop)
    {
        for (int i = 0; i < Steps; i++)
            loop.Step();
    }
}
