using System.Diagnostics;
using Espalier.Data;
using Espalier.Models;
using Espalier.Tests.Concurrency;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Tests.Training;

[Collection(Alone.Name)]
public sealed class TrainerMemoryTests
{
    [Fact]
    public void Memory_is_flat_over_20_000_steps()
    {
        using var generator = new torch.Generator(11);
        Tensor x = torch.randn([256, 4], generator: generator);
        using var data = new Dataset("rings", x, x.pow(2).sum(1).gt(3.4).to(torch.int64), ["inner", "outer"], InputBounds.Unbounded);
        using torch.nn.Module<Tensor, Tensor> model = torch.nn.Sequential(
            ("a", torch.nn.Linear(4, 16)), ("t", torch.nn.Tanh()), ("d", torch.nn.Dropout(0.2)), ("b", torch.nn.Linear(16, 2)));
        long atStart = 0;
        long tensorsAtStart = 0;
        DisposeScopeManager.Statistics.Reset();
        var options = new TrainerOptions { BatchSize = 8, Length = Duration.Steps(20_000), Ema = new(), ClipNorm = 1, EvaluateEvery = Duration.Steps(5000) };
        using TrainingResult result = new Trainer(options).Fit(new ClassificationObjective(model), data, new()
        {
            Validation = data,
            Progress = new Watcher(p =>
        {
            if (p.State.Step == 2000)
                (atStart, tensorsAtStart) = (Resident(), DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        })
        });
        long grown = Resident() - atStart;
        Assert.True(grown < 24L << 20, $"resident memory grew by {grown >> 20} MiB over 18,000 steps");
        Assert.True(DisposeScopeManager.Statistics.ThreadTotalLiveCount - tensorsAtStart < 50, "tensors are left behind");

        static long Resident()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            using var process = Process.GetCurrentProcess();
            return process.WorkingSet64;
        }
    }

    private sealed class Watcher(Action<TrainingProgress> watch) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => watch(value);
    }
}
