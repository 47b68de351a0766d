using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness;

public sealed class GradientAttackTests
{
    private const int Count = 300;
    private const int Features = 10;

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static double[] Values(Tensor t) => t.to(torch.float64).flatten().data<double>().ToArray();

    [Theory]
    [InlineData(Norm.LInf, AttackLoss.CrossEntropy)]
    [InlineData(Norm.LInf, AttackLoss.DifferenceOfLogitsRatio)]
    [InlineData(Norm.L2, AttackLoss.CrossEntropy)]
    [InlineData(Norm.L2, AttackLoss.Margin)]
    public void On_a_linear_model_it_reaches_the_closed_form(Norm norm, AttackLoss loss)
    {
        // An input stands if and only if |w·x + b| > epsilon * (dual norm of w).
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        var model = LinearClassifier.Binary(w, 0.3, InputBounds.Unbounded);
        Tensor x = Random(2, Count, Features);
        double[] margins = Values(x.matmul(w) + 0.3);
        Tensor labels = torch.tensor(margins.Select(m => m > 0 ? 1L : 0L).ToArray());
        double dual = norm == Norm.LInf ? w.abs().sum().ToDouble() : w.norm().ToDouble();
        double epsilon = norm == Norm.LInf ? 0.2 : 0.5;

        using AttackResult result = new ProjectedGradientDescent(new() { Norm = norm, Epsilon = epsilon, Loss = loss, RelativeStepSize = 0.25 }).Run(model, x, labels);
        int decided = 0;
        for (int i = 0; i < Count; i++)
        {
            double ratio = Math.Abs(margins[i]) / (epsilon * dual);
            if (Math.Abs(ratio - 1) < 2e-3)
                continue;
            decided++;
            Assert.Equal(ratio < 1, result.Success[i]);
        }

        Assert.InRange(decided, Count - 5, Count);
        Assert.Equal(1, result.CleanAccuracy);
        Assert.InRange(result.RobustAccuracy, 0.2, 0.9);
    }

    [Fact]
    public void In_a_box_it_reaches_the_closed_form_too()
    {
        // The margin is separable: each feature goes to whichever end of [x-eps, x+eps] ∩ [0, 1] hurts.
        using var scope = torch.NewDisposeScope();
        using var _ = torch.no_grad();
        Tensor w = Random(1, Features);
        Tensor x = Random(2, Count, Features).sigmoid();
        double b = -(x.mean([0]).matmul(w)).ToDouble();
        var model = LinearClassifier.Binary(w, b, InputBounds.Unit);
        const double Epsilon = 0.05;
        Tensor margins = x.matmul(w) + b;
        Tensor sign = margins.sign().unsqueeze(1);
        Tensor worst = (x - Epsilon * sign * w.sign()).clamp(0, 1);
        double[] left = Values((worst.matmul(w) + b) * margins.sign());

        using AttackResult result = new ProjectedGradientDescent(new() { Epsilon = Epsilon }).Run(model, x, margins.gt(0).to(torch.int64));
        for (int i = 0; i < Count; i++)
        {
            if (Math.Abs(left[i]) > 1e-4)
                Assert.Equal(left[i] < 0, result.Success[i]);
        }

        Assert.InRange(result.RobustAccuracy, 0.2, 0.9);
    }

    [Theory]
    [InlineData(Norm.LInf)]
    [InlineData(Norm.L2)]
    public void It_stays_in_the_ball_and_in_the_box_and_reports_what_the_model_says(Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        var model = new LinearClassifier(Random(1, 4, Features), Random(2, 4), InputBounds.Unit);
        Tensor x = Random(3, Count, Features).sigmoid();
        Tensor labels = model.Predict(x).clone();
        labels.narrow(0, 0, 20).add_(1).remainder_(4);
        const double Epsilon = 0.2;
        var attack = new ProjectedGradientDescent(new() { Norm = norm, Epsilon = Epsilon, Steps = 10, Restarts = 2, StopWhenFooled = false, BatchSize = 77 });
        using AttackResult result = attack.Run(model, x, labels);

        Tensor delta = result.Adversarials - x;
        double[] sizes = Values(norm == Norm.LInf ? delta.abs().amax([1]) : delta.norm(1));
        Assert.All(sizes, size => Assert.InRange(size, 0, Epsilon + 1e-6));
        Assert.All(sizes.Zip(result.PerturbationNorms), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.InRange(result.Adversarials.min().ToDouble(), 0, 1);
        Assert.InRange(result.Adversarials.max().ToDouble(), 0, 1);

        bool[] stands = model.Predict(result.Adversarials).eq(labels).data<bool>().ToArray();
        Assert.Equal(stands.Count(s => s) / (double)Count, result.RobustAccuracy, 1e-12);
        Assert.All(result.OriginallyCorrect.Take(20), Assert.False);
        Assert.All(result.PerturbationNorms.Take(20), size => Assert.Equal(0, size));
        Assert.Equal((Count - 20.0) / Count, result.CleanAccuracy, 1e-12);
        Assert.InRange(result.SuccessRate, 0.3, 1);
        Assert.Equal((Count - 20) * 10 * 2, result.GradientEvaluations);
    }

    [Fact]
    public void The_same_seed_gives_the_same_result_and_another_seed_another()
    {
        using var scope = torch.NewDisposeScope();
        var model = new LinearClassifier(Random(1, 3, Features), Random(2, 3), InputBounds.Unit);
        Tensor x = Random(3, 50, Features).sigmoid();
        Tensor labels = model.Predict(x);
        Tensor Attacked(int seed) => new ProjectedGradientDescent(new() { Epsilon = 0.05, Steps = 3, Seed = seed, BatchSize = 20 }).Run(model, x, labels).Adversarials;
        Tensor first = Attacked(1);
        Assert.True(first.eq(Attacked(1)).all().item<bool>());
        Assert.False(first.eq(Attacked(2)).all().item<bool>());
    }

    [Theory]
    [InlineData(Norm.LInf)]
    [InlineData(Norm.L2)]
    public void Radius_zero_changes_nothing(Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        var model = new LinearClassifier(Random(1, 3, Features), Random(2, 3), InputBounds.Unit);
        Tensor x = Random(3, 50, Features).sigmoid();
        Tensor labels = torch.zeros(50, dtype: torch.int64);
        using AttackResult result = new ProjectedGradientDescent(new() { Norm = norm, Epsilon = 0, Steps = 3 }).Run(model, x, labels);
        Assert.Equal(result.CleanAccuracy, result.RobustAccuracy);
        Assert.Equal(model.Predict(x).eq(0).sum().ToInt64() / 50.0, result.CleanAccuracy, 1e-12);
        Assert.True(result.Adversarials.eq(x).all().item<bool>());
    }

    [Fact]
    public void The_fast_gradient_method_is_one_step_along_the_sign_or_the_gradient()
    {
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        var model = LinearClassifier.Binary(w, 0, InputBounds.Unbounded);
        Tensor x = Random(2, 1, Features) * 0.01 + w;   // class 1, far from the boundary
        Tensor labels = torch.ones(1, dtype: torch.int64);
        using AttackResult linf = new FastGradientMethod(new() { Epsilon = 0.1 }).Run(model, x, labels);
        using AttackResult l2 = new FastGradientMethod(new() { Epsilon = 0.1, Norm = Norm.L2 }).Run(model, x, labels);
        Assert.InRange((linf.Adversarials - (x - 0.1 * w.sign())).abs().max().ToDouble(), 0, 1e-6);
        Assert.InRange((l2.Adversarials - (x - 0.1 * w / w.norm())).abs().max().ToDouble(), 0, 1e-6);
        Assert.Equal(1, linf.GradientEvaluations);
    }

    [Fact]
    public void A_model_that_hides_its_gradients_is_noticed_and_the_logits_ratio_sees_through_it()
    {
        // Logits times 10^6 leave a cross-entropy of exactly zero, and so its gradient: the model looks robust.
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, 3, Features);
        Tensor b = torch.zeros(3);
        var plain = new LinearClassifier(w, b, InputBounds.Unbounded);
        var masked = new LinearClassifier(w, b, InputBounds.Unbounded, scale: 1e6);
        Tensor x = Random(2, 200, Features);
        Tensor labels = plain.Predict(x);
        AttackResult Attack(LinearClassifier model, AttackLoss loss) =>
            new ProjectedGradientDescent(new() { Epsilon = 0.3, Steps = 20, Loss = loss, RandomStart = false }).Run(model, x, labels);
        using AttackResult honest = Attack(plain, AttackLoss.CrossEntropy);
        using AttackResult fooledByMask = Attack(masked, AttackLoss.CrossEntropy);
        using AttackResult seesThrough = Attack(masked, AttackLoss.DifferenceOfLogitsRatio);
        Assert.Equal(0, honest.ZeroGradients);
        Assert.InRange(fooledByMask.ZeroGradients, 190, 200);
        Assert.InRange(fooledByMask.RobustAccuracy, 0.9, 1);
        Assert.InRange(seesThrough.RobustAccuracy, 0, honest.RobustAccuracy + 0.05);
        Assert.Equal(0, seesThrough.ZeroGradients);
    }

    [Fact]
    public void Targets_are_hit()
    {
        using var scope = torch.NewDisposeScope();
        var model = new LinearClassifier(Random(1, 5, Features), torch.zeros(5), InputBounds.Unbounded);
        Tensor x = Random(2, 40, Features);
        Tensor labels = model.Predict(x);
        Tensor targets = (labels + 2).remainder(5);
        foreach (AttackLoss loss in Enum.GetValues<AttackLoss>())
        {
            using AttackResult result = new ProjectedGradientDescent(new() { Norm = Norm.L2, Epsilon = 8, Loss = loss }).Run(model, x, labels, targets);
            // Only the cross-entropy cares about third classes.
            Assert.InRange(result.SuccessRate, loss == AttackLoss.CrossEntropy ? 1 : 0.9, 1);
            Assert.Equal(result.SuccessRate, model.Predict(result.Adversarials).eq(targets).sum().ToInt64() / 40.0, 1e-12);
        }
    }

    [Fact]
    public void Fooled_samples_cost_nothing_more()
    {
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        var model = LinearClassifier.Binary(w, 0, InputBounds.Unbounded);
        Tensor x = Random(2, 50, Features) * 1e-3;  // on the boundary: the first step fools them
        Tensor labels = model.Predict(x);
        using AttackResult result = new ProjectedGradientDescent(new() { Epsilon = 1, RandomStart = false }).Run(model, x, labels);
        Assert.Equal(1, result.SuccessRate);
        Assert.Equal(50, result.GradientEvaluations);
        Assert.Equal(50 * 3, result.Queries);
        Assert.Equal(3, model.Calls - 1);
    }

    [Fact]
    public void An_attack_leaves_no_tensors_behind()
    {
        using var scope = torch.NewDisposeScope();
        var model = new LinearClassifier(Random(1, 3, Features), Random(2, 3), InputBounds.Unit);
        Tensor x = Random(3, 50, Features).sigmoid();
        Tensor labels = model.Predict(x);
        var attack = new ProjectedGradientDescent(new() { Epsilon = 0.05, Steps = 5, Restarts = 3, BatchSize = 20 });
        using (attack.Run(model, x, labels)) { }
        DisposeScopeManager.Statistics.Reset();
        using (attack.Run(model, x, labels)) { }
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void What_cannot_be_attacked_is_refused()
    {
        void Refused(string option, ProjectedGradientDescentOptions options) =>
            Assert.Equal(option, Assert.Throws<OptionsException>(() => new ProjectedGradientDescent(options)).Option);
        Refused("epsilon", new() { Epsilon = -0.1 });
        Refused("epsilon", new() { Epsilon = double.NaN });
        Refused("steps", new() { Steps = 0 });
        Refused("restarts", new() { Restarts = 0 });
        Refused("restarts", new() { Restarts = 2, RandomStart = false });
        Refused("relativeStepSize", new() { RelativeStepSize = 0 });
        Refused("batchSize", new() { BatchSize = 0 });
        Refused("norm", new() { Norm = (Norm)7 });

        using var scope = torch.NewDisposeScope();
        var model = LinearClassifier.Binary(Random(1, Features), 0, InputBounds.Unit);
        var attack = new ProjectedGradientDescent();
        Tensor x = torch.rand(3, Features);
        Assert.Throws<DataException>(() => attack.Run(model, x + 5, torch.zeros(3, dtype: torch.int64)));
        Assert.Throws<DataException>(() => attack.Run(model, x * double.NaN, torch.zeros(3, dtype: torch.int64)));
        Assert.Throws<DataException>(() => attack.Run(model, x, torch.full(3, 2, dtype: torch.int64)));
        Assert.Throws<ShapeException>(() => attack.Run(model, x, torch.zeros(4, dtype: torch.int64)));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => attack.Run(model, x, torch.zeros(3, dtype: torch.int64), cancellationToken: cancelled.Token));
    }
}
