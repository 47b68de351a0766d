using Espalier.Data;
using Espalier.Networks;
using Espalier.Robustness;
using Espalier.Training;

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
        Batch all = data.Gather([.. Enumerable.Range(0, 32)]) with { Position = 100 };
        double whole = objective.Step(all, state).Sum.ToDouble();
        double parts = 0;
        foreach (int start in (int[])[0, 10, 20])
        {
            Batch part = data.Gather([.. Enumerable.Range(start, Math.Min(10 + (start == 20 ? 2 : 0), 32 - start))]) with { Position = 100 + start };
            parts += objective.Step(part, state).Sum.ToDouble();
        }

        Assert.Equal(whole, parts, 1e-3);
        Assert.True(model.training);
        Assert.All(model.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void The_inner_attack_raises_the_loss_it_is_given()
    {
        using var scope = torch.NewDisposeScope();
        using Dataset data = Moons(200, 1);
        using var model = new MlpClassifier(new() { Inputs = 2, Classes = 2, HiddenSizes = [16] }, 1);
        Batch batch = data.Gather([.. Enumerable.Range(0, 100)]);
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
