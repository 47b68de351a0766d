using Espalier.Counterfactuals;
using Espalier.Counterfactuals.Distances;
using Espalier.Counterfactuals.Search;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Mlp;
using Espalier.Tests.Robustness;

namespace Espalier.Tests.Counterfactuals;

public sealed class WachterTests
{
    private const int Count = 60;
    private const int Features = 5;
    private const double Bias = 0.4;

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static double[] Values(Tensor t) => t.to(torch.float64).flatten().data<double>().ToArray();

    private static (LinearClassifier Model, Tensor W, Tensor X, Tensor Targets, double[] Margins) Linear(InputBounds? bounds = null)
    {
        Tensor w = Random(1, Features);
        var model = LinearClassifier.Binary(w, Bias, bounds ?? InputBounds.Unbounded);
        Tensor x = Random(2, Count, Features);
        double[] margins = Values(x.matmul(w) + Bias);
        return (model, w, x, 1 - model.Predict(x), margins);
    }

    [Theory]
    [InlineData(ValidityLoss.LogOddsHinge, 0.01)]
    [InlineData(ValidityLoss.SquaredProbability, 0.05)]
    public void In_L2_it_finds_the_nearest_point_of_a_plane(ValidityLoss loss, double tolerance)
    {
        // x - w (w·x + b) / |w|²
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor w, Tensor x, Tensor targets, double[] margins) = Linear();
        using CounterfactualResult result = new Wachter(new() { Distance = CounterfactualDistance.L2, Loss = loss, Steps = 100 }).Explain(model, x, targets);
        Assert.Equal(1, result.Validity);
        Assert.True(model.Predict(result.Counterfactuals).eq(targets).all().item<bool>());
        double norm = w.norm().ToDouble();
        for (int i = 0; i < Count; i++)
        {
            double nearest = Math.Abs(margins[i]) / norm;
            Assert.InRange(result.L2[i], nearest - 1e-6, nearest * (1 + tolerance) + 2e-4);
            Assert.Equal(result.L2[i], result.Costs[i], 1e-5);
        }

        Tensor foot = x - ((x.matmul(w) + Bias) / (norm * norm)).unsqueeze(1) * w;
        Tensor off = (result.Counterfactuals - foot).norm(1) / (foot - x).norm(1);
        Assert.InRange(off.median().ToDouble(), 0, 0.1);
    }

    [Theory]
    [InlineData(ValidityLoss.LogOddsHinge)]
    [InlineData(ValidityLoss.SquaredProbability)]
    public void In_L1_it_changes_the_one_feature_that_pays_most(ValidityLoss loss)
    {
        // All on argmax |w_k| scale_k.
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor w, Tensor x, Tensor targets, double[] margins) = Linear();
        double[] scales = [1, 6, 0.5, 1, 1];
        double[] gains = [.. Values(w).Zip(scales, (weight, scale) => Math.Abs(weight) * scale)];
        int payer = Array.IndexOf(gains, gains.Max());
        var method = new Wachter(new() { Loss = loss, FeatureScales = scales, Steps = 100 });
        using CounterfactualResult result = method.Explain(model, x, targets);
        Assert.Equal(1, result.Validity);
        double[] ratios = [.. result.Costs.Select((cost, i) => cost / (Math.Abs(margins[i]) / gains[payer]))];
        Assert.InRange(ratios.Min(), 0.999, 2);
        Assert.InRange(ratios.Order().ElementAt(Count / 2), 1, 1.01);
        Assert.InRange(result.ChangedFeatures.Count(changed => changed == 1), Count * 9 / 10, Count);
        Tensor change = (result.Counterfactuals - x).abs();
        Assert.InRange(change.argmax(1).eq(payer).sum().ToInt64(), Count * 9 / 10, Count);
    }

    [Fact]
    public void Immutable_features_never_change_and_bounds_hold()
    {
        using var scope = torch.NewDisposeScope();
        InputBounds bounds = InputBounds.PerFeature([-4, -4, -4, -1, -4], [4, 4, 4, 1, 4]);
        (LinearClassifier model, Tensor w, Tensor x, Tensor targets, _) = Linear(bounds);
        x = bounds.Clamp(x);
        targets = 1 - model.Predict(x);
        int strongest = (int)w.abs().argmax().ToInt64();
        var options = new WachterOptions { Distance = CounterfactualDistance.L2, Loss = ValidityLoss.LogOddsHinge, ImmutableFeatures = [strongest], Steps = 100 };
        using CounterfactualResult result = new Wachter(options).Explain(model, x, targets);
        Assert.True(result.Counterfactuals.select(1, strongest).eq(x.select(1, strongest)).all().item<bool>());
        Assert.True(bounds.Clamp(result.Counterfactuals).eq(result.Counterfactuals).all().item<bool>());
        Assert.InRange(result.Validity, 0.9, 1);

        // Where no bound binds, the nearest point in the remaining features is known.
        Tensor free = w.clone();
        free[strongest] = 0;
        double[] nearest = Values((x.matmul(w) + Bias).abs() / free.norm());
        double[] excess = [.. Enumerable.Range(0, Count).Where(i => result.Valid[i]).Select(i => result.L2[i] / nearest[i])];
        Assert.InRange(excess.Min(), 0.999, 1.01);
        Assert.InRange(excess.Order().ElementAt(excess.Length / 2), 0.999, 1.01);
    }

    [Fact]
    public void What_cannot_be_reached_is_flagged_with_the_best_candidate()
    {
        using var scope = torch.NewDisposeScope();
        var model = LinearClassifier.Binary(torch.ones(3), -10, InputBounds.Unit);      // class 1 needs a sum of 10
        Tensor x = torch.full([2, 3], 0.5f);
        Tensor targets = torch.tensor(new[] { 1L, 0L });
        using CounterfactualResult result = new Wachter(new() { Loss = ValidityLoss.LogOddsHinge, Rounds = 5, Steps = 50 }).Explain(model, x, targets);
        Assert.Equal([CounterfactualStatus.NotFound, CounterfactualStatus.AlreadyFavourable], result.Statuses);
        Assert.Equal([false, true], result.Valid);
        Assert.Equal(0.5, result.Validity);
        Assert.True(result.Counterfactuals[0].eq(1).all().item<bool>());
        Assert.Equal(1 / (1 + Math.Exp(7)), result.ProbabilitiesAfter[0], 1e-6);
        Assert.Equal(1 / (1 + Math.Exp(8.5)), result.ProbabilitiesBefore[0], 1e-6);
        Assert.Equal(0, result.Costs[1]);
        Assert.Equal(0, result.ChangedFeatures[1]);
    }

    [Fact]
    public void It_explains_a_network_the_same_each_time_whatever_the_batch()
    {
        using var scope = torch.NewDisposeScope();
        using MlpClassifier network = Trained();
        using var model = new TorchClassifier(network, [2], 3, InputBounds.Uniform(-3, 3));
        Tensor x = Random(5, 40, 2).clamp(-3, 3);
        Tensor targets = (model.Predict(x) + 1).remainder(3);
        var options = new WachterOptions { Loss = ValidityLoss.LogOddsHinge, Steps = 60, Rounds = 5, LearningRate = 0.1 };
        using CounterfactualResult result = new Wachter(options).Explain(model, x, targets);
        using CounterfactualResult again = new Wachter(options).Explain(model, x, targets);
        using CounterfactualResult batched = new Wachter(options with { BatchSize = 7 }).Explain(model, x, targets);
        Assert.Equal(1, result.Validity);
        Assert.True(result.Counterfactuals.eq(again.Counterfactuals).all().item<bool>());
        Assert.Equal(result.Statuses, batched.Statuses);
        Assert.True(model.Probabilities(result.Counterfactuals).gather(1, targets.unsqueeze(1)).min().ToDouble() >= 0.5);

        using CounterfactualResult sure = new Wachter(options with { TargetProbability = 0.8 }).Explain(model, x, targets);
        Assert.All(sure.Valid.Zip(sure.ProbabilitiesAfter).Where(e => e.First), e => Assert.InRange(e.Second, 0.8, 1));
        Assert.True(sure.L1.Average() > result.L1.Average());
        Assert.Contains(network.parameters(), p => !p.requires_grad);
    }

    // Three sectors of the plane.
    private static MlpClassifier Trained()
    {
        var network = new MlpClassifier(new() { Inputs = 2, Classes = 3, HiddenSizes = [32] }, seed: 1);
        var optimizer = torch.optim.Adam(network.parameters().ToArray(), 0.02);
        Tensor x = Random(9, 300, 2) * 1.5;
        Tensor angle = torch.atan2(x.select(1, 1), x.select(1, 0));
        Tensor y = ((angle + Math.PI) / (2 * Math.PI) * 3).floor().clamp(0, 2).to(torch.int64);
        for (int step = 0; step < 150; step++)
        {
            using var scope = torch.NewDisposeScope();
            optimizer.zero_grad();
            torch.nn.functional.cross_entropy(network.call(x), y).backward();
            optimizer.step();
        }

        return network;
    }

    [Fact]
    public void Explaining_leaves_no_tensors_behind()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, _, Tensor x, Tensor targets, _) = Linear();
        var method = new Wachter(new() { Steps = 5, Rounds = 3, BatchSize = 25 });
        using (method.Explain(model, x, targets)) { }
        DisposeScopeManager.Statistics.Reset();
        using (method.Explain(model, x, targets)) { }
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Deviations_are_medians_and_never_zero()
    {
        using var scope = torch.NewDisposeScope();
        Tensor x = torch.tensor(new[,] { { 1f, 7f }, { 2f, 7f }, { 4f, 7f }, { 8f, 9f } });
        Assert.Equal([1.5, 1], MedianAbsoluteDeviation.Of(x));     // |x - 3| = 2, 1, 1, 5; a feature mostly constant
    }

    [Fact]
    public void What_cannot_be_explained_is_refused()
    {
        void Refused(string option, WachterOptions options) =>
            Assert.Equal(option, Assert.Throws<OptionsException>(() => new Wachter(options)).Option);
        Refused("targetProbability", new() { TargetProbability = 1 });
        Refused("desiredProbability", new() { TargetProbability = 0.9, DesiredProbability = 0.8 });
        Refused("featureScales", new() { FeatureScales = [0] });
        Refused("immutableFeatures", new() { ImmutableFeatures = [-1] });
        Refused("initialLambda", new() { InitialLambda = 0 });
        Refused("steps", new() { Steps = 0 });

        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, _, Tensor x, Tensor targets, _) = Linear();
        Assert.Throws<DataException>(() => new Wachter().Explain(model, x, torch.full(Count, 2, dtype: torch.int64)));
        Assert.Throws<DataException>(() => new Wachter().Explain(model, x * double.NaN, targets));
        Assert.Throws<ShapeException>(() => new Wachter().Explain(model, x, targets.narrow(0, 0, 3)));
        Assert.Throws<ShapeException>(() => new Wachter().Explain(model, x.narrow(1, 0, 3), targets));
        Assert.Throws<OptionsException>(() => new Wachter(new() { ImmutableFeatures = [5] }).Explain(model, x, targets));
        Assert.Throws<OptionsException>(() => new Wachter(new() { FeatureScales = [1, 2] }).Explain(model, x, targets));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => new Wachter().Explain(model, x, targets, cancellationToken: cancelled.Token));
    }
}
