using Espalier.Data;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Tests.Training;

/// <summary>Adam through a change of the batch size, beside Adam's own formulas with the values that the rule asks for.</summary>
public sealed class BatchScheduleTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Second_moments_are_divided_by_the_factor_where_asked_for(bool transfers)
    {
        const double Rate = 0.01, Beta1 = 0.9, Beta2 = 0.99, Epsilon = 1e-3;
        using var model = torch.nn.Linear(1, 1, hasBias: false, dtype: torch.float64);
        using (torch.no_grad())
            model.weight!.fill_(0);
        using var x = torch.ones(64, 1, dtype: torch.float64);
        using var data = new Dataset("ones", x, torch.zeros(64, dtype: torch.int64), ["only"], Espalier.Models.InputBounds.Unbounded);
        var options = new TrainerOptions
        {
            BatchSize = 4,
            BatchSchedule = [new() { After = Duration.Steps(2), BatchSize = 16 }],
            Length = Duration.Samples((2 * 4) + (3 * 16)),
            Optimizer = new() { Kind = OptimizerKind.Adam, LearningRate = Rate, Beta1 = Beta1, Beta2 = Beta2, Epsilon = Epsilon, WeightDecay = 0 },
            Schedule = new() { Shape = ScheduleShape.Constant },
            Scaling = new() { TransferMoments = transfers },
        };
        new Trainer(options).Fit(new Slope(model), data).Dispose();

        // The gradient is 1 at every step; after two steps the factor is 4.
        (double w, double m, double v, double p1, double p2) = (0, 0, 0, 1, 1);
        for (int step = 0; step < 5; step++)
        {
            double kappa = step < 2 ? 1 : 4;
            if (step == 2 && transfers)
                v /= 4;
            (double b1, double b2) = (Math.Pow(Beta1, kappa), Math.Pow(Beta2, kappa));
            m = (b1 * m) + (1 - b1);
            v = (b2 * v) + (1 - b2);
            (p1, p2) = (p1 * b1, p2 * b2);
            w -= Rate * Math.Sqrt(kappa) * (m / (1 - p1)) / (Math.Sqrt(v / (1 - p2)) + (Epsilon / Math.Sqrt(kappa)));
        }

        Assert.Equal(w, model.weight!.ToDouble(), 1e-9);
    }

    private sealed class Slope(torch.nn.Module<Tensor, Tensor> model) : Objective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        public override LossSum Step(LabelledBatch batch, TrainingState state) => new(model.call(batch.Inputs).sum(), batch.Count);
    }
}
