using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Diagnostics;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Tests.Training;

/// <summary>The invariance report against closed forms of a quadratic, where a batch size shows in the step length alone.</summary>
public sealed class BatchInvarianceReportTests
{
    private const double Curvature = 2;
    private const double Rate = 0.01;
    private const double Rho = 0.9;

    private static TrainerOptions Options(int batch) => new()
    {
        BatchSize = batch,
        BaseBatchSize = 2,
        Length = Duration.Samples(64),
        Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = Rate, Momentum = 0, WeightDecay = 0 },
        Schedule = new() { Shape = ScheduleShape.Constant },
        Ema = new() { Momentum = Rho },
    };

    private static OwnedObjective<LabelledBatch> Quadratic()
    {
        var model = new Point();
        return new OwnedObjective<LabelledBatch>(new QuadraticObjective(model), model);
    }

    private static OwnedObjective<LabelledBatch> Classify()
    {
        InvariantModel model = InvariantModel.Create(torch.float32);
        return new OwnedObjective<LabelledBatch>(new InvariantModel.Classify(model), model);
    }

    [Fact]
    public void The_same_batch_departs_by_exactly_nothing_and_another_order_by_something()
    {
        using Dataset data = InvariantModel.Data(96, torch.float32);
        TrainerOptions options = Options(16) with { BaseBatchSize = 16, Length = Duration.Epochs(3) };
        BatchInvarianceReport report = BatchInvariance.Measure(options, options, Classify, data);
        Assert.Equal(0.0, report.Scaled.Weights);
        Assert.Equal(0.0, report.Scaled.Average);
        Assert.True(report.Reordered.Weights > 0.01, $"{report.Reordered.Weights}");
        Assert.True(report.Reordered.Average > 0.01, $"{report.Reordered.Average}");
        Assert.True(report.IsInvariant);
        Assert.Null(report.Divergence);
        Assert.Equal((288, 18), (report.Samples, report.Points));
    }

    /// <summary>θ after t steps of batch κ is (1-κηa)^t, ζ follows by its recursion with ρ^κ; D is a ratio of sums of these.</summary>
    [Fact]
    public void The_departure_on_a_quadratic_matches_its_closed_form()
    {
        const int kappa = 4;
        using Dataset data = InvariantModel.Data(64, torch.float64);
        BatchInvarianceReport report = BatchInvariance.Measure(Options(2), Options(2 * kappa), Quadratic, data);
        double zetaSmall = 1, zetaLarge = 1;
        (double Gap, double AverageGap, double Moved, double AverageMoved) sum = default;
        for (int t = 1; t <= 32 / kappa; t++)
        {
            for (int i = ((t - 1) * kappa) + 1; i <= t * kappa; i++)
                zetaSmall = (Rho * zetaSmall) + ((1 - Rho) * Math.Pow(1 - (Rate * Curvature), i));
            double small = Math.Pow(1 - (Rate * Curvature), t * kappa);
            double large = Math.Pow(1 - (kappa * Rate * Curvature), t);
            zetaLarge = (Math.Pow(Rho, kappa) * zetaLarge) + ((1 - Math.Pow(Rho, kappa)) * large);
            sum = (sum.Gap + Math.Abs(large - small), sum.AverageGap + Math.Abs(zetaLarge - zetaSmall), sum.Moved + (1 - small), sum.AverageMoved + (1 - zetaSmall));
        }

        Assert.Equal(sum.Gap / sum.Moved, report.Scaled.Weights, 1e-12);
        Assert.Equal(sum.AverageGap / sum.AverageMoved, report.Scaled.Average!.Value, 1e-12);
        Assert.Equal(0.0, report.Reordered.Weights);
        Assert.False(report.IsInvariant);
    }

    [Fact]
    public void Numbers_that_differ_more_than_twice_as_much_are_named()
    {
        TrainingDeparture Of(double loss, double accuracy) => new(0.1, null, new Dictionary<string, double> { ["loss"] = loss, ["accuracy"] = accuracy }, new Dictionary<string, double>());
        var report = new BatchInvarianceReport(16, 64, 1000, 10, Of(0.25, 0.19), Of(0.1, 0.1), null);
        Assert.Equal(["loss"], report.WiderGaps);
        Assert.True(report.IsInvariant);
    }

    [Fact]
    public void Few_points_are_kept_and_the_last_one_ends_whole_steps_of_both()
    {
        using Dataset data = InvariantModel.Data(64, torch.float64);
        BatchInvarianceReport report = BatchInvariance.Measure(Options(2), Options(6), Quadratic, data, options: new() { MostSnapshots = 5 });
        Assert.Equal((60, 5), (report.Samples, report.Points));
    }

    [Fact]
    public void Batches_that_never_meet_are_refused()
    {
        using Dataset data = InvariantModel.Data(64, torch.float64);
        OptionsException error = Assert.Throws<OptionsException>(() => BatchInvariance.Measure(Options(2), Options(63), Quadratic, data));
        Assert.Equal("batchSize", error.Option);
        Assert.Contains("126", error.Message);
    }

    [Fact]
    public void A_diverging_batch_departs_infinitely_and_is_no_error()
    {
        using Dataset data = InvariantModel.Data(64, torch.float64);
        TrainerOptions wild = Options(8) with { Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 1e200, Momentum = 0, WeightDecay = 0 } };
        BatchInvarianceReport report = BatchInvariance.Measure(Options(2), wild, Quadratic, data);
        Assert.Equal(double.PositiveInfinity, report.Scaled.Weights);
        Assert.Contains("at step 2", report.Divergence);
        Assert.False(report.IsInvariant);
    }

    [Fact]
    public void The_order_seed_moves_the_data_and_nothing_else()
    {
        using Dataset data = InvariantModel.Data(96, torch.float32);
        double Final(int? order, int seed)
        {
            using OwnedObjective<LabelledBatch> owned = Classify();
            using TrainingResult result = new Trainer(Options(16) with { Seed = seed, OrderSeed = order, Length = Duration.Epochs(1) }).Fit(owned.Objective, data);
            return result.FinalLoss;
        }

        Assert.Equal(Final(null, 5), Final(5, 5));
        Assert.NotEqual(Final(null, 5), Final(6, 5));
    }

    internal sealed class Point : torch.nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Parameter _theta = new(torch.ones(1, dtype: torch.float64));

        public Point() : base(nameof(Point)) => RegisterComponents();

        public override Tensor forward(Tensor input) => _theta * input;
    }

    private sealed class QuadraticObjective(Point model) : Objective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        public override LossSum Step(LabelledBatch batch, TrainingState state)
        {
            Tensor theta = model.call(torch.ones(batch.Count, dtype: torch.float64));
            return new LossSum((theta * theta).sum() * (Curvature / 2), batch.Count);
        }
    }
}
