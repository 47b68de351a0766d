using Espalier.Communication;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Tests.Training;
using Espalier.Training.Checkpoints;
using Espalier.Training.Loop;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Tests.Distributed;

/// <summary>Ranks that train together learn what one process learns. Ranks are threads here; <see cref="MpiTrainingTests"/> has processes.</summary>
public sealed class DataParallelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parallel-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(2, 16)]
    [InlineData(3, 16)]
    [InlineData(4, 16)]
    [InlineData(2, 32)]
    public void Weights_and_statistics_are_those_of_one_process(int ranks, int micro)
    {
        TrainerOptions options = Options with { MicroBatchSize = micro };
        Tensor alone = Train(1, m => new InvariantModel.Classify(m), options)[0];
        foreach (Tensor together in Train(ranks, m => new InvariantModel.Classify(m), options))
            Assert.InRange(Departure(alone, together), 0, 1e-12);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_contrastive_loss_couples_the_samples_of_all_ranks(int ranks)
    {
        TrainerOptions options = Options with { MicroBatchSize = 16 };
        Tensor alone = Train(1, m => new InvariantModel.Contrast(m), options with { MicroBatchSize = 64 })[0];
        foreach (Tensor together in Train(ranks, m => new InvariantModel.Contrast(m), options))
            Assert.InRange(Departure(alone, together), 0, 1e-12);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_last_step_with_fewer_micro_batches_than_ranks_is_taken_by_those_that_have_one(bool coupled)
    {
        Objective<LabelledBatch> Make(InvariantModel m) => coupled ? new InvariantModel.Contrast(m) : new InvariantModel.Classify(m);
        TrainerOptions options = Options with { MicroBatchSize = 16, Length = Duration.Samples((64 * 5) + 20) };
        Tensor alone = Train(1, Make, options)[0];
        foreach (Tensor together in Train(3, Make, options))
            Assert.InRange(Departure(alone, together), 0, 1e-12);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Synchronised_batch_norm_is_that_of_the_whole_batch(int ranks)
    {
        TrainerOptions options = Options with { GhostBatchSize = null, Length = Duration.Samples(64 * 20) };
        Tensor alone = Train(1, m => new InvariantModel.Classify(m), options with { BatchNorm = BatchNormMode.Whole })[0];
        foreach (Tensor together in Train(ranks, m => new InvariantModel.Classify(m), options with { BatchNorm = BatchNormMode.Synchronized }))
            Assert.InRange(Departure(alone, together), 0, 1e-10);
    }

    [Fact]
    public void The_noise_scale_does_not_depend_on_the_ranks()
    {
        TrainerOptions options = Options with { MicroBatchSize = 16, MeasureNoiseScale = true };
        var scales = new List<double>();
        void Keep(TrainingResult result)
        {
            lock (scales)
                scales.Add(result.NoiseScale!.Value);
        }

        Train(1, m => new InvariantModel.Classify(m), options, Keep);
        Train(2, m => new InvariantModel.Classify(m), options, Keep);
        Assert.Equal(3, scales.Count);
        Assert.All(scales, s => Assert.Equal(scales[0], s, scales[0] * 1e-9));
    }

    [Fact]
    public void A_run_of_three_ranks_goes_on_with_two_and_with_one()
    {
        TrainerOptions options = Options with { MicroBatchSize = 16, CheckpointEvery = Duration.Steps(3) };
        Tensor alone = Train(1, m => new InvariantModel.Classify(m), options)[0];
        var checkpoints = new CheckpointFolder(_folder);
        foreach ((int ranks, int until) in new[] { (3, 6), (2, 13), (1, 100) })
        {
            using var stop = new CancellationTokenSource();
            Tensor last = Train(ranks, m => new InvariantModel.Classify(m), options, null, checkpoints, p =>
            {
                if (p.State.Step >= until)
                    stop.Cancel();
            }, stop.Token)[0];
            if (ranks == 1)
                Assert.InRange(Departure(alone, last), 0, 1e-12);
            else
                Assert.InRange(checkpoints.Progress()!.Value.Step, until, until + 1);
        }
    }

    [Fact]
    public void A_loss_that_is_not_finite_on_one_rank_stops_all_of_them_alike()
    {
        (Tensor? Value, Exception? Error)[] results = Try(2, m => new PoisonedOnOneRank(m), Options with { MicroBatchSize = 32 });
        Assert.All(results, r => Assert.Equal(4, Assert.IsType<TrainingDivergedException>(r.Error).Step));
    }

    [Fact]
    public void Ranks_with_other_options_are_refused_by_the_key_that_differs()
    {
        var results = ThreadRanks.Try(2, ranks => Fit(Models(2)[ranks.Rank], m => new InvariantModel.Classify(m), Options with { ClipNorm = 1 + ranks.Rank }, ranks));
        Assert.All(results, r => Assert.Contains("clipNorm", Assert.IsType<DistributedException>(r.Error).Message));
    }

    [Fact]
    public void Ranks_with_other_data_are_refused()
    {
        InvariantModel[] models = Models(2);
        var results = ThreadRanks.Try(2, ranks => Fit(models[ranks.Rank], m => new InvariantModel.Classify(m), Options, ranks, samples: 300 - ranks.Rank));
        Assert.All(results, r => Assert.Contains("299 samples", Assert.IsType<DistributedException>(r.Error).Message));
    }

    [Fact]
    public void Ranks_with_other_checkpoints_are_refused()
    {
        TrainerOptions options = Options with { Length = Duration.Steps(6), CheckpointEvery = Duration.Steps(2) };
        CheckpointFolder[] folders = [new(Path.Combine(_folder, "a")), new(Path.Combine(_folder, "b"))];
        foreach ((CheckpointFolder folder, int seed) in folders.Zip([1, 1]))
        {
            using var stop = new CancellationTokenSource();
            int steps = folder == folders[0] ? 2 : 4;
            Train(1, m => new InvariantModel.Classify(m), options with { Seed = seed }, null, folder, p =>
            {
                if (p.State.Step >= steps)
                    stop.Cancel();
            }, stop.Token);
        }

        InvariantModel[] models = Models(2);
        var results = ThreadRanks.Try(2, ranks => Fit(models[ranks.Rank], m => new InvariantModel.Classify(m), options, ranks, folder: folders[ranks.Rank]));
        Assert.All(results, r => Assert.StartsWith("checkpoint", Assert.IsType<DistributedException>(r.Error).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_sample_for_every_rank_nothing_starts()
    {
        (Tensor? Value, Exception? Error)[] results = Try(4, m => new InvariantModel.Classify(m), Options with { BatchSize = 2, GhostBatchSize = null });
        Assert.All(results, r => Assert.IsType<OptionsException>(r.Error));
    }

    /// <summary>The gradient of such a weight comes in two parts, the second after its module is done with.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_weight_that_is_also_used_outside_its_module_is_summed_whole(int ranks)
    {
        Reused[] models = [.. Enumerable.Range(0, ranks + 1).Select(_ => new Reused())];
        foreach (Reused model in models[1..])
            model.load_state_dict(models[0].state_dict());
        TrainerOptions options = Options with { GhostBatchSize = null, MicroBatchSize = 16, Length = Duration.Steps(8) };
        Tensor Fit(Reused model, ICommunicator communicator)
        {
            using Dataset data = InvariantModel.Data(300, torch.float64);
            new Trainer(options).Fit(new ClassificationObjective(model), data, new() { Ranks = communicator }).Dispose();
            using var noGradients = torch.no_grad();
            return torch.cat([.. model.parameters().Select(p => p.reshape(-1))]).clone();
        }

        Tensor alone = Fit(models[0], SingleProcess.Instance);
        foreach (Tensor together in ThreadRanks.Run(ranks, r => Fit(models[1 + r.Rank], r)))
            Assert.InRange((alone - together).abs().max().ToDouble(), 0, 1e-12);
    }

    private sealed class Reused : torch.nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear _first = torch.nn.Linear(6, 6, dtype: torch.float64);
        private readonly TorchSharp.Modules.Linear _second = torch.nn.Linear(6, 6, dtype: torch.float64);

        public Reused() : base(nameof(Reused)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            // Before the module itself is called, so that the backward pass comes here last.
            Tensor x = torch.nn.functional.linear(input.flatten(1), _second.weight!).tanh();
            return _second.call(_first.call(x).tanh());
        }
    }

    private static TrainerOptions Options => new()
    {
        BatchSize = 64,
        GhostBatchSize = 16,
        Length = Duration.Steps(20),
        Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.1, Momentum = 0.9 },
        Ema = new() { Momentum = 0.9 },
    };

    /// <summary>The models are made one after the other: the generator of their weights belongs to all threads.</summary>
    private static InvariantModel[] Models(int ranks) => [.. Enumerable.Range(0, ranks).Select(_ => InvariantModel.Create(torch.float64))];

    private static Tensor[] Train(int ranks, Func<InvariantModel, Objective<LabelledBatch>> objective, TrainerOptions options, Action<TrainingResult>? keep = null, CheckpointFolder? folder = null, Action<TrainingProgress>? watch = null, CancellationToken stop = default)
    {
        InvariantModel[] models = Models(ranks);
        return ranks == 1
            ? [Fit(models[0], objective, options, SingleProcess.Instance, keep, folder, watch, stop: stop)]
            : ThreadRanks.Run(ranks, r => Fit(models[r.Rank], objective, options, r, keep, folder, watch, stop: stop));
    }

    private static (Tensor? Value, Exception? Error)[] Try(int ranks, Func<InvariantModel, Objective<LabelledBatch>> objective, TrainerOptions options)
    {
        InvariantModel[] models = Models(ranks);
        return ThreadRanks.Try(ranks, r => Fit(models[r.Rank], objective, options, r));
    }

    private static Tensor Fit(InvariantModel model, Func<InvariantModel, Objective<LabelledBatch>> objective, TrainerOptions options, ICommunicator ranks, Action<TrainingResult>? keep = null, CheckpointFolder? folder = null, Action<TrainingProgress>? watch = null, int samples = 300, CancellationToken stop = default)
    {
        using Dataset data = InvariantModel.Data(samples, torch.float64);
        using TrainingResult result = new Trainer(options).Fit(objective(model), data, new() { Checkpoints = folder, Resume = folder is not null, Progress = new Watcher(watch ?? (_ => { })), Ranks = ranks }, stop);
        keep?.Invoke(result);
        return torch.cat([model.Flat(), result.Ema!.Weights.to(torch.float64)]);
    }

    private static double Departure(Tensor a, Tensor b) => ((a - b).norm() / a.norm()).ToDouble();

    private sealed class Watcher(Action<TrainingProgress> watch) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => watch(value);
    }

    private sealed class PoisonedOnOneRank(InvariantModel model) : Objective<LabelledBatch>
    {
        private int _rank;

        public override torch.nn.Module Model => model;

        public override void Begin(TrainingSetup setup) => _rank = setup.Communicator.Rank;

        public override LossSum Step(LabelledBatch batch, TrainingState state) =>
            new(model.call(batch.Inputs).sum() * (state.Step == 3 && _rank == 1 ? double.NaN : 1), batch.Count);
    }
}
