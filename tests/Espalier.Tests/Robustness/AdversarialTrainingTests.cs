using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Mlp;
using Espalier.Robustness.Regions;
using Espalier.Robustness.Training;
using Espalier.Training.Loop;

namespace Espalier.Tests.Robustness;

public sealed class AdversarialTrainingTests
{
    private const double Epsilon = 0.15;

    private static Dataset Moons(int count, int seed)
    {
        using var data = DataCatalog.Default.Load(new DataOptions { Name = "moons", Generated = new() { Samples = count, Seed = seed } });
        return new Dataset("moons", data.Splits.Train.All().Inputs.clone().DetachFromDisposeScope(), data.Splits.Train.All().Labels.clone().DetachFromDisposeScope(), data.Splits.Train.ClassNames, data.Splits.Train.Bounds);
    }

    [Theory]
    [InlineData(AdversarialLoss.Madry)]
    [InlineData(AdversarialLoss.Trades)]
    public void Steps_do_not_depend_on_micro_batches_and_leave_the_model_as_it_was(AdversarialLoss loss)
    {
        using var scope = torch.NewDisposeScope();
        using Dataset data = Moons(200, 1);
        using var model = new MlpClassifier(new() { Inputs = 2, Classes = 2, HiddenSizes = [16] }, 1);
        var objective = new AdversarialTraining(model, data, new() { Loss = loss, Epsilon = Epsilon, Steps = 5 }, 3);
        var state = new TrainingState();
        model.train();
        LabelledBatch all = data.Gather([.. Enumerable.Range(0, 32)]) with { Position = 100 };
        double whole = objective.Step(all, state).Sum.ToDouble();
        double parts = 0;
        foreach (int start in (int[])[0, 10, 20])
        {
            LabelledBatch part = data.Gather([.. Enumerable.Range(start, Math.Min(10 + (start == 20 ? 2 : 0), 32 - start))]) with { Position = 100 + start };
            parts += objective.Step(part, state).Sum.ToDouble();
        }

        Assert.Equal(whole, parts, 1e-3);
        Assert.True(model.training);
        Assert.All(model.parameters(), p => Assert.True(p.requires_grad));
    }

    /// <summary>One step along the gradient of a linear model under L0 is exact: the best feature goes to the end of its range, the other stays.</summary>
    [Fact]
    public void Under_L0_the_inner_attack_moves_whole_features()
    {
        using var scope = torch.NewDisposeScope();
        using Dataset moons = Moons(200, 1);
        using var data = new Dataset("moons", moons.All().Inputs.sigmoid().DetachFromDisposeScope(), moons.All().Labels.clone().DetachFromDisposeScope(), moons.ClassNames, InputBounds.Unit);
        using var model = new MlpClassifier(new() { Inputs = 2, Classes = 2, HiddenSizes = [] }, 1);
        LabelledBatch batch = data.Gather([.. Enumerable.Range(0, 100)]);
        double Loss(double epsilon, int steps = 10, AdversarialLoss loss = AdversarialLoss.Madry) =>
            new AdversarialTraining(model, data, new() { Norm = Norm.L0, Loss = loss, Epsilon = epsilon, Steps = steps }, 3).Step(batch, new TrainingState()).Sum.ToDouble();
        double clean = torch.nn.functional.cross_entropy(model.call(batch.Inputs), batch.Labels, reduction: torch.nn.Reduction.Sum).ToDouble();

        // Of all inputs within one changed feature, the ends of its range are worst: the logits are linear.
        Tensor worst = torch.nn.functional.cross_entropy(model.call(batch.Inputs), batch.Labels, reduction: torch.nn.Reduction.None);
        Tensor corners = worst;
        Tensor lower = data.Bounds.LowerTensor(batch.Inputs);
        Tensor upper = data.Bounds.UpperTensor(batch.Inputs);
        for (int feature = 0; feature < 2; feature++)
        {
            foreach (Tensor end in (Tensor[])[lower, upper])
            {
                Tensor moved = batch.Inputs.clone();
                moved.select(1, feature).copy_(end.expand_as(moved).select(1, feature));
                worst = worst.maximum(torch.nn.functional.cross_entropy(model.call(moved), batch.Labels, reduction: torch.nn.Reduction.None));
            }
        }

        for (int corner = 0; corner < 4; corner++)
        {
            Tensor at = torch.stack([((corner & 1) == 0 ? lower : upper).expand_as(batch.Inputs).select(1, 0), ((corner & 2) == 0 ? lower : upper).expand_as(batch.Inputs).select(1, 1)], 1);
            corners = corners.maximum(torch.nn.functional.cross_entropy(model.call(at), batch.Labels, reduction: torch.nn.Reduction.None));
        }

        Assert.Equal(clean, Loss(0), 1e-3);
        Assert.InRange(Loss(1), clean * 1.1, worst.sum().ToDouble() * (1 + 1e-5));
        Assert.InRange(Loss(1), 0.9 * worst.sum().ToDouble(), double.PositiveInfinity);
        Assert.Equal(corners.sum().ToDouble(), Loss(2), 1e-3 * corners.sum().ToDouble());
        Assert.True(Loss(1, loss: AdversarialLoss.Trades) > clean);
        Assert.Throws<OptionsException>(() => Loss(0.5));
    }

    [Fact]
    public void The_inner_attack_raises_the_loss_it_is_given()
    {
        using var scope = torch.NewDisposeScope();
        using Dataset data = Moons(200, 1);
        using var model = new MlpClassifier(new() { Inputs = 2, Classes = 2, HiddenSizes = [16] }, 1);
        LabelledBatch batch = data.Gather([.. Enumerable.Range(0, 100)]);
        double Loss(double epsilon, AdversarialLoss loss, double beta = 1) =>
            new AdversarialTraining(model, data, new() { Loss = loss, Epsilon = epsilon, Steps = 10, Beta = beta }, 3).Step(batch, new TrainingState()).Sum.ToDouble();
        double clean = torch.nn.functional.cross_entropy(model.call(batch.Inputs), batch.Labels, reduction: torch.nn.Reduction.Sum).ToDouble();
        Assert.Equal(clean, Loss(0, AdversarialLoss.Madry), 1e-3);
        Assert.True(Loss(Epsilon, AdversarialLoss.Madry) > clean * 1.01);
        Assert.Equal(clean, Loss(Epsilon, AdversarialLoss.Trades, beta: 0), 1e-3);

        // Without room to move, what the model says of the two inputs is the same, and the divergence nothing.
        Assert.Equal(clean, Loss(0, AdversarialLoss.Trades, 5), 1e-3);

        // TRADES is linear in β: twice the divergence costs twice as much.
        double one = Loss(Epsilon, AdversarialLoss.Trades, 1) - clean;
        Assert.True(one > 0);
        Assert.Equal(2 * one, Loss(Epsilon, AdversarialLoss.Trades, 2) - clean, one * 1e-3);
        Assert.Throws<OptionsException>(() => Loss(-1, AdversarialLoss.Madry));
    }
}
