using Espalier.Data;
using Espalier.Data.Sampling;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Training.Checkpoints;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trainer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(64)]
    [InlineData(16)]
    [InlineData(7)]
    [InlineData(25)]
    public void Accumulation_over_ragged_micro_batches_equals_the_large_batch(int micro)
    {
        using Dataset data = Rings(200, torch.float64);
        Tensor whole = Train(data, new() { BatchSize = 64, Length = Duration.Steps(20), Optimizer = Plain });
        Tensor parts = Train(data, new() { BatchSize = 64, MicroBatchSize = micro, Length = Duration.Steps(20), Optimizer = Plain });
        Assert.True(whole.allclose(parts, rtol: 1e-12, atol: 1e-13), $"largest difference {(whole - parts).abs().max().item<double>()}");
    }

    [Fact]
    public void Steps_match_a_bare_loop_over_the_same_samples()
    {
        using Dataset data = Rings(96, torch.float64);
        var options = new TrainerOptions
        {
            BatchSize = 32,
            Length = Duration.Steps(9),
            ClipNorm = 0.5,
            Optimizer = new() { Kind = OptimizerKind.AdamW, LearningRate = 0.02, WeightDecay = 0.1 },
            Schedule = new() { Shape = ScheduleShape.Linear, Warmup = Duration.Steps(3) },
        };
        Tensor ours = Train(data, options);

        using torch.nn.Module<Tensor, Tensor> model = Network(torch.float64);
        (string name, TorchSharp.Modules.Parameter parameter)[] named = [.. model.named_parameters()];
        using var optimizer = torch.optim.AdamW(
        [
            new TorchSharp.Modules.AdamW.ParamGroup(named.Where(n => n.parameter.dim() > 1).Select(n => n.parameter), new() { weight_decay = 0.1 }),
            new TorchSharp.Modules.AdamW.ParamGroup(named.Where(n => n.parameter.dim() == 1).Select(n => n.parameter), new() { weight_decay = 0 }),
        ]);
        var stream = new SampleStream(data.Count, options.Seed);
        for (int step = 0; step < 9; step++)
        {
            using var scope = torch.NewDisposeScope();
            LabelledBatch batch = data.Gather(stream.Take(step * 32, 32), 0);
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = 0.02 * (step < 3 ? (step + 1) / 3.0 : 1 - ((step - 3) / 6.0));
            optimizer.zero_grad();
            torch.nn.functional.cross_entropy(model.call(batch.Inputs.to(torch.float64)), batch.Labels).backward();
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5);
            optimizer.step();
        }

        Tensor theirs = Flatten(model);
        Assert.True(ours.allclose(theirs, rtol: 1e-6, atol: 1e-8), $"largest difference {(ours - theirs).abs().max().item<double>()}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_resumed_training_continues_bit_for_bit(bool cancelled)
    {
        using Dataset data = Rings(150, torch.float32);
        var options = new TrainerOptions
        {
            BatchSize = 32,
            MicroBatchSize = 20,
            Length = Duration.Steps(30),
            CheckpointEvery = Duration.Steps(7),
            Ema = new() { Momentum = 0.9, UpdateEvery = 2 },
            Schedule = new() { Warmup = Duration.Steps(5) },
        };
        (Tensor weights, Tensor average) = TrainWithEma(data, options, null, default);

        // A kill leaves the checkpoint of some earlier step; a cancelled training leaves one of the step it ended at.
        using var stop = new CancellationTokenSource();
        var folder = new CheckpointFolder(Path.Combine(_folder, $"resume-{cancelled}"));
        var watcher = new Watcher(p =>
        {
            if (p.State.Step == 17 && cancelled)
                stop.Cancel();
            if (p.State.Step == 17 && !cancelled)
                throw new InvalidOperationException("killed");
        });
        try
        {
            using torch.nn.Module<Tensor, Tensor> model = Network(torch.float32);
            using TrainingResult part = new Trainer(options).Fit(new ClassificationObjective(model), data, new() { Checkpoints = folder, Resume = false, Progress = watcher }, stop.Token);
            Assert.Equal(TrainingOutcome.Interrupted, part.Outcome);
        }
        catch (InvalidOperationException error) when (error.Message == "killed")
        {
        }

        Assert.Equal(cancelled ? 17 : 14, folder.Progress()!.Value.Step);
        (Tensor resumedWeights, Tensor resumedAverage) = TrainWithEma(data, options, folder, default);
        Assert.True(weights.equal(resumedWeights).all().item<bool>());
        Assert.True(average.equal(resumedAverage).all().item<bool>());
    }

    [Fact]
    public void Resuming_with_other_options_is_refused_by_name()
    {
        using Dataset data = Rings(64, torch.float32);
        var options = new TrainerOptions { BatchSize = 16, Length = Duration.Steps(4) };
        var folder = new CheckpointFolder(Path.Combine(_folder, "other"));
        TrainWithEma(data, options with { Ema = new() }, folder, default);
        using torch.nn.Module<Tensor, Tensor> model = Network(torch.float32);
        CheckpointException error = Assert.Throws<CheckpointException>(() =>
            new Trainer(options with { Ema = new(), ClipNorm = 2 }).Fit(new ClassificationObjective(model), data, new() { Checkpoints = folder, Resume = true }));
        Assert.Contains("clipNorm was null and is 2", error.Message);
    }

    [Fact]
    public void A_truncated_checkpoint_is_refused()
    {
        using Dataset data = Rings(64, torch.float32);
        var options = new TrainerOptions { BatchSize = 16, Length = Duration.Steps(4) };
        var folder = new CheckpointFolder(Path.Combine(_folder, "torn"));
        using (torch.nn.Module<Tensor, Tensor> model = Network(torch.float32))
            new Trainer(options).Fit(new ClassificationObjective(model), data, new() { Checkpoints = folder }).Dispose();
        using (FileStream file = File.OpenWrite(folder.Last))
            file.SetLength(file.Length - 100);
        using torch.nn.Module<Tensor, Tensor> fresh = Network(torch.float32);
        CheckpointException error = Assert.Throws<CheckpointException>(() =>
            new Trainer(options).Fit(new ClassificationObjective(fresh), data, new() { Checkpoints = folder, Resume = true }));
        Assert.Contains("truncated", error.Message);
    }

    [Fact]
    public void A_diverging_loss_stops_with_step_and_checkpoint_and_keeps_the_weights_finite()
    {
        using Dataset data = Rings(64, torch.float32);
        var folder = new CheckpointFolder(Path.Combine(_folder, "diverged"));
        using torch.nn.Module<Tensor, Tensor> model = Network(torch.float32);
        var objective = new Poisoned(model, atStep: 6);
        var options = new TrainerOptions { BatchSize = 16, Length = Duration.Steps(10), CheckpointEvery = Duration.Steps(2) };
        TrainingDivergedException error = Assert.Throws<TrainingDivergedException>(() => new Trainer(options).Fit(objective, data, new() { Checkpoints = folder }));
        Assert.Equal((7, 1, 96), (error.Step, error.MicroBatch, error.SamplesSeen));
        Assert.Contains(folder.Last, error.Message);
        Assert.Equal(6, folder.Progress()!.Value.Step);
        Assert.True(Flatten(model).isfinite().all().item<bool>());
    }

    [Fact]
    public void Early_stopping_goes_back_to_the_best_weights()
    {
        using Dataset data = Rings(64, torch.float32);
        using torch.nn.Module<Tensor, Tensor> model = Network(torch.float32);
        var objective = new Scripted(model, [0.5, 0.4, 0.3, 0.6, 0.7, 0.8, 0.9]);
        var options = new TrainerOptions
        {
            BatchSize = 16,
            Length = Duration.Epochs(7),
            Monitor = new() { Metric = "loss", Patience = Duration.Epochs(2), RestoreBest = true },
        };
        using TrainingResult result = new Trainer(options).Fit(objective, data, new() { Validation = data, Checkpoints = new CheckpointFolder(Path.Combine(_folder, "early")) });
        Assert.Equal(TrainingOutcome.StoppedEarly, result.Outcome);
        Assert.Equal((0.3, 3L * 64), result.Best);
        Assert.Equal(5 * 64, result.State.SamplesSeen);
        Assert.True(Flatten(model).equal(objective.WeightsAt[2]).all().item<bool>());
    }

    [Fact]
    public void An_unknown_monitor_names_the_known_numbers()
    {
        using Dataset data = Rings(64, torch.float32);
        using torch.nn.Module<Tensor, Tensor> model = Network(torch.float32);
        var options = new TrainerOptions { BatchSize = 16, Length = Duration.Epochs(1), Monitor = new() { Metric = "acuracy" } };
        OptionsException error = Assert.Throws<OptionsException>(() => new Trainer(options).Fit(new ClassificationObjective(model), data, new() { Validation = data }));
        Assert.Contains("did you mean 'accuracy'", error.Message);
    }

    [Fact]
    public void The_last_short_batch_is_scaled_by_its_own_kappa()
    {
        using Dataset data = Rings(100, torch.float32);
        var rates = new List<(double Rate, double Momentum)>();
        using torch.nn.Module<Tensor, Tensor> model = Network(torch.float32);
        var options = new TrainerOptions
        {
            BatchSize = 64,
            BaseBatchSize = 32,
            Length = Duration.Epochs(1),
            Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.1, Momentum = 0 },
            Schedule = new() { Shape = ScheduleShape.Constant },
            Ema = new() { Momentum = 0.9 },
        };
        using TrainingResult result = new Trainer(options).Fit(new ClassificationObjective(model), data, new() { Progress = new Watcher(p => rates.Add((p.LearningRate, p.EmaMomentum))) });
        Assert.Equal(2, rates.Count);
        Assert.Equal(0.2, rates[0].Rate, 1e-12);
        Assert.Equal(0.81, rates[0].Momentum, 1e-12);
        Assert.Equal(0.1 * 36 / 32, rates[1].Rate, 1e-12);
        Assert.Equal(Math.Pow(0.9, 36 / 32.0), rates[1].Momentum, 1e-12);
    }

    [Fact]
    public void The_same_seed_gives_the_same_weights_with_dropout_and_another_seed_others()
    {
        using Dataset data = Rings(64, torch.float32);
        var options = new TrainerOptions { BatchSize = 16, Length = Duration.Steps(8) };
        Assert.True(Train(data, options).equal(Train(data, options)).all().item<bool>());
        Assert.False(Train(data, options).equal(Train(data, options with { Seed = 2 })).all().item<bool>());
    }

    [Theory]
    [InlineData("batchSize", 0, 8)]
    [InlineData("batchSize", 200, 8)]
    [InlineData("microBatchSize", 16, 32)]
    public void Bad_options_are_refused_by_name(string option, int batch, int micro)
    {
        using Dataset data = Rings(100, torch.float32);
        using torch.nn.Module<Tensor, Tensor> model = Network(torch.float32);
        OptionsException error = Assert.Throws<OptionsException>(() =>
            new Trainer(new() { BatchSize = batch, MicroBatchSize = micro }).Fit(new ClassificationObjective(model), data));
        Assert.Equal(option, error.Option);
    }

    [Fact]
    public void A_section_of_the_options_is_named_in_full()
    {
        OptionsException error = Assert.Throws<OptionsException>(() => new Trainer(new() { Optimizer = new() { LearningRate = -1 } }));
        Assert.Equal("optimizer.learningRate", error.Option);
    }

    /// <summary>Dropout draws from the one default generator that a process has.</summary>
    [Fact]
    public void Trainings_on_two_threads_of_a_process_end_as_they_do_one_after_the_other()
    {
        using Dataset data = Rings(128, torch.float32);
        TrainerOptions[] options = [.. Enumerable.Range(0, 2).Select(i => new TrainerOptions { BatchSize = 16, MicroBatchSize = 8, Length = Duration.Steps(60), Optimizer = Plain, Seed = i })];
        Tensor[] apart = [.. options.Select(o => Train(data, o))];
        torch.nn.Module<Tensor, Tensor>[] models = [Network(torch.float32), Network(torch.float32)];
        using var together = new Barrier(2);
        Thread[] threads = [.. options.Select((o, i) => new Thread(() =>
        {
            together.SignalAndWait();
            new Trainer(o).Fit(new ClassificationObjective(models[i]), data).Dispose();
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        for (int i = 0; i < 2; i++)
        {
            Assert.True(apart[i].equal(Flatten(models[i])).all().item<bool>());
            models[i].Dispose();
        }

        Assert.False(apart[0].equal(apart[1]).all().item<bool>());
    }

    private static OptimizerOptions Plain => new() { Kind = OptimizerKind.Sgd, LearningRate = 0.05 };

    private static Dataset Rings(int count, torch.ScalarType type)
    {
        using var generator = new torch.Generator(11);
        using var scope = torch.NewDisposeScope();
        Tensor x = torch.randn([count, 4], dtype: torch.float32, generator: generator);
        Tensor y = x.pow(2).sum(1).gt(3.4).to(torch.int64);
        return new Dataset("rings", x.to(type), y, ["inner", "outer"], InputBounds.Unbounded);
    }

    private static torch.nn.Module<Tensor, Tensor> Network(torch.ScalarType type)
    {
        torch.manual_seed(5);
        return torch.nn.Sequential(
            ("a", torch.nn.Linear(4, 16, dtype: type)), ("t", torch.nn.Tanh()),
            ("d", torch.nn.Dropout(type == torch.float32 ? 0.2 : 0)), ("b", torch.nn.Linear(16, 2, dtype: type)));
    }

    private static Tensor Train(Dataset data, TrainerOptions options)
    {
        using torch.nn.Module<Tensor, Tensor> model = Network(data.All().Inputs.dtype);
        new Trainer(options).Fit(new ClassificationObjective(model), data).Dispose();
        return Flatten(model);
    }

    private static (Tensor Weights, Tensor Average) TrainWithEma(Dataset data, TrainerOptions options, CheckpointFolder? folder, CancellationToken stop)
    {
        using torch.nn.Module<Tensor, Tensor> model = Network(torch.float32);
        using TrainingResult result = new Trainer(options).Fit(new ClassificationObjective(model), data, new() { Checkpoints = folder, Resume = folder is not null }, stop);
        return (Flatten(model), result.Ema!.Weights.clone());
    }

    private static Tensor Flatten(torch.nn.Module model)
    {
        using var noGradients = torch.no_grad();
        return torch.cat([.. model.parameters().Select(p => p.reshape(-1))]).clone();
    }

    private sealed class Watcher(Action<TrainingProgress> watch) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => watch(value);
    }

    private sealed class Poisoned(torch.nn.Module<Tensor, Tensor> model, int atStep) : Objective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        public override LossSum Step(LabelledBatch batch, TrainingState state) =>
            new(model.call(batch.Inputs).sum() * (state.Step == atStep ? double.NaN : 1), batch.Count);
    }

    private sealed class Scripted(torch.nn.Module<Tensor, Tensor> model, double[] losses) : Objective<LabelledBatch>
    {
        public List<Tensor> WeightsAt { get; } = [];

        public override torch.nn.Module Model => model;

        public override LossSum Step(LabelledBatch batch, TrainingState state) =>
            new(torch.nn.functional.cross_entropy(model.call(batch.Inputs), batch.Labels, reduction: torch.nn.Reduction.Sum), batch.Count);

        public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<LabelledBatch> data, EvaluationContext context)
        {
            WeightsAt.Add(Flatten(model));
            return new Dictionary<string, double> { ["loss"] = losses[WeightsAt.Count - 1] };
        }
    }
}
