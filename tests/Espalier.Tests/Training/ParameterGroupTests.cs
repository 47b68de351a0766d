using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Checkpoints;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Tests.Training;

/// <summary>Parameters that are trained unlike the others, against the optimizers' own formulas.</summary>
public sealed class ParameterGroupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("groups").FullName;

    private static TrainerOptions Options(int steps) => new()
    {
        Length = Duration.Steps(steps),
        BatchSize = 4,
        Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.1, Momentum = 0, WeightDecay = 0 },
        Schedule = new() { Shape = ScheduleShape.Constant },
    };

    [Fact]
    public void A_group_has_a_rate_of_its_own()
    {
        using var model = new TwoNumbers(1, 1);
        Fit(model, Options(2), [new("slow", "b.*") { RateFactor = 0.25 }]);

        // The gradient of a + 3b is (1, 3) at every step.
        Assert.Equal((1 - (2 * 0.1), 1 - (2 * 0.1 * 0.25 * 3)), Rounded(model));
    }

    [Fact]
    public void A_group_decays_by_a_share()
    {
        using var model = new TwoNumbers(2, 2);
        var objective = new Costs(model, (_, _) => model.A.sum() * 0, [new("half", "b.*") { DecayFactor = 0.5 }], decays: true);
        Fit(objective, Options(1) with { Optimizer = Options(1).Optimizer with { WeightDecay = 0.3 } });
        Assert.Equal((2 - (0.1 * 0.3 * 2), 2 - (0.1 * 0.15 * 2)), Rounded(model));
    }

    [Fact]
    public void A_group_has_an_optimizer_of_its_own()
    {
        using var model = new TwoNumbers(1, 1);
        Fit(model, Options(3), [new("adaptive", "b.*") { Optimizer = new() { Kind = OptimizerKind.Adam, LearningRate = 0.01, WeightDecay = 0, Epsilon = 0 } }]);

        // Adam's step along a constant gradient is its rate.
        Assert.Equal((1 - 0.3, 1 - 0.03), Rounded(model));
    }

    [Fact]
    public void The_state_of_a_group_survives_a_resume()
    {
        double[] Trained(bool cut)
        {
            using var model = new TwoNumbers(1, 1);
            var folder = new CheckpointFolder(Path.Combine(_folder, cut ? "cut" : "whole"));
            var objective = new Costs(model, (m, state) => (m.A + (m.B * m.B)).sum(), [new("adaptive", "b.*") { Optimizer = new() { Kind = OptimizerKind.Adam, LearningRate = 0.01 } }]);
            using Dataset data = Data();
            var trainer = new Trainer(Options(6));
            if (cut)
            {
                using var stop = new CancellationTokenSource();
                trainer.Fit(objective, data, new() { Checkpoints = folder, Observer = s => { if (s.State.Step == 3) stop.Cancel(); } }, stop.Token).Dispose();
                using var fresh = new TwoNumbers(0, 0);
                var again = new Costs(fresh, (m, state) => (m.A + (m.B * m.B)).sum(), objective.ParameterGroups);
                trainer.Fit(again, data, new() { Checkpoints = folder, Resume = true }).Dispose();
                return [fresh.Values.A, fresh.Values.B];
            }

            trainer.Fit(objective, data).Dispose();
            return [model.Values.A, model.Values.B];
        }

        Assert.Equal(Trained(false), Trained(true));
    }

    [Fact]
    public void A_pattern_that_fits_nothing_is_refused()
    {
        using var model = new TwoNumbers(1, 1);
        OptionsException error = Assert.Throws<OptionsException>(() => Fit(model, Options(1), [new("lost", "encoder.*")]));
        Assert.Contains("a, b.weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_phases_train_two_groups_in_turn()
    {
        // The critic's phase sees the generator as it was; the generator's sees the critic as it has become: a ← a - η·b, then b ← b - η·a.
        using var model = new TwoNumbers(1, 2);
        var objective = new Costs(model, (m, state) => (m.A * m.B).sum(), [new("critic", "a"), new("generator", "b.*")])
        {
            Turns = [new("critic") { Groups = ["critic"] }, new("generator") { Groups = ["generator"] }],
        };
        Fit(objective, Options(1));
        double a = 1 - (0.1 * 2);
        Assert.Equal((a, 2 - (0.1 * a)), Rounded(model));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public void An_ascent_before_the_step_is_sharpness_aware_minimisation(int? micro)
    {
        // Of (a² + b²)/2 the gradient is the point itself: it moves out by ρ along itself, and the step is taken with the gradient there.
        using var model = new TwoNumbers(3, 4);
        var objective = new Costs(model, (m, state) => ((m.A * m.A) + (m.B * m.B)).sum() / 2, [])
        {
            Turns = [new("out") { Ascent = 0.5 }, new("step")],
        };
        Fit(objective, Options(1) with { MicroBatchSize = micro });
        Assert.Equal((Math.Round(3 - (0.1 * 3 * 1.1), 9), Math.Round(4 - (0.1 * 4 * 1.1), 9)), Rounded(model));
    }

    [Fact]
    public void A_phase_of_an_unknown_group_and_an_ascent_at_the_end_are_refused()
    {
        using var model = new TwoNumbers(1, 1);
        Assert.Throws<OptionsException>(() => Fit(new Costs(model, (m, _) => m.A.sum(), [new("critic", "a")]) { Turns = [new("x") { Groups = ["critik"] }] }, Options(1)));
        Assert.Throws<OptionsException>(() => Fit(new Costs(model, (m, _) => m.A.sum(), []) { Turns = [new("x") { Ascent = 1 }] }, Options(1)));
        Assert.Throws<OptionsException>(() => Fit(new Costs(model, (m, _) => m.A.sum(), []) { Turns = [] }, Options(1)));
    }

    [Fact]
    public void Named_state_survives_a_resume_and_is_not_mixed_up()
    {
        using Dataset data = Data();
        var folder = new CheckpointFolder(Path.Combine(_folder, "state"));
        using (var model = new TwoNumbers(1, 1))
        {
            using var stop = new CancellationTokenSource();
            var counting = new Counting(model);
            new Trainer(Options(5)).Fit(counting, data, new() { Checkpoints = folder, Observer = s => { if (s.State.Step == 2) stop.Cancel(); } }, stop.Token).Dispose();
            Assert.Equal(2, counting.Steps);
        }

        using var fresh = new TwoNumbers(0, 0);
        var resumed = new Counting(fresh);
        new Trainer(Options(5)).Fit(resumed, data, new() { Checkpoints = folder, Resume = true }).Dispose();
        Assert.Equal(5, resumed.Steps);
    }

    [Fact]
    public void Other_data_are_refused_on_resume()
    {
        var folder = new CheckpointFolder(Path.Combine(_folder, "data"));
        using Dataset data = Data(), other = Data(shift: 1e-3f);
        using var model = new TwoNumbers(1, 1);
        new Trainer(Options(2)).Fit(new Costs(model, (m, _) => m.A.sum(), []), data, new() { Checkpoints = folder }).Dispose();
        using var second = new TwoNumbers(1, 1);
        var objective = new Costs(second, (m, _) => m.A.sum(), []);
        Assert.Contains("other data", Assert.Throws<CheckpointException>(() => new Trainer(Options(2)).Fit(objective, other, new() { Checkpoints = folder, Resume = true })).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Dataset Data(float shift = 0) => new("four", torch.ones(4, 1) + shift, torch.zeros(4, dtype: torch.int64), ["x"], Espalier.Models.InputBounds.Unbounded);

    private static void Fit(TwoNumbers model, TrainerOptions options, IReadOnlyList<ParameterGroup> groups) =>
        Fit(new Costs(model, (m, _) => (m.A + (3 * m.B)).sum(), groups), options);

    private static void Fit(Costs objective, TrainerOptions options)
    {
        using Dataset data = Data();
        new Trainer(options).Fit(objective, data).Dispose();
    }

    private static (double A, double B) Rounded(TwoNumbers model) => (Math.Round(model.Values.A, 9), Math.Round(model.Values.B, 9));

    private sealed class Costs(TwoNumbers model, Func<TwoNumbers, TrainingState, Tensor> cost, IReadOnlyList<ParameterGroup> groups, bool decays = false) : Objective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        public override IReadOnlyList<ParameterGroup> ParameterGroups => groups;

        public IReadOnlyList<Phase> Turns { get; init; } = [new("step")];

        public override IReadOnlyList<Phase> Phases => Turns;

        public override bool Decays(string name, Tensor parameter) => decays;

        public override LossSum Step(LabelledBatch batch, TrainingState state) => new(batch.Count * cost(model, state), batch.Count);
    }

    private sealed class Counting(TwoNumbers model) : Objective<LabelledBatch>
    {
        private readonly Tensor _steps = torch.zeros(1, dtype: torch.float64);

        public override torch.nn.Module Model => model;

        public double Steps => _steps.item<double>();

        public override IEnumerable<KeyValuePair<string, Tensor>> State => [new("steps", _steps)];

        public override LossSum Step(LabelledBatch batch, TrainingState state) => new(model.A.sum() * batch.Count, batch.Count);

        public override void AfterOptimizerStep(TrainingState state)
        {
            using var _ = torch.no_grad();
            _steps.add_(1);
        }
    }
}
