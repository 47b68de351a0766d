using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Defences;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness;

public sealed class DefenceTests
{
    private const int Features = 16;

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.rand(shape, generator: generator);
    }

    private static (LinearClassifier Model, Tensor Inputs, Tensor Labels) Problem(double scale = 1)
    {
        var model = new LinearClassifier(Random(1, 4, Features) - 0.5, torch.zeros(4), InputBounds.Unit, scale);
        Tensor x = Random(2, 100, Features);
        return (model, x, model.Predict(x));
    }

    [Fact]
    public void A_comparison_cuts_the_graph_and_the_straight_path_mends_it()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier inner, Tensor x, Tensor _) = Problem();
        var defended = new DefendedClassifier(inner, new Binarization());
        Tensor labels = defended.Predict(x);
        var attack = new AutoPgd(new() { Epsilon = 0.2, Steps = 20, Loss = AttackLoss.Margin });
        ModelOutputException error = Assert.Throws<ModelOutputException>(() => attack.Run(defended, x, labels));
        Assert.Contains("square", error.Message, StringComparison.Ordinal);
        foreach (GradientPath path in (GradientPath[])[GradientPath.StraightThrough, GradientPath.Surrogate])
        {
            using AttackResult result = attack.Run(defended.WithPath(path), x, labels);
            Assert.InRange(result.RobustAccuracy, 0, 0.6);

            // What it says is always the defended model's.
            Assert.Equal(result.Success, defended.Predict(result.Adversarials).ne(labels).data<bool>().ToArray());
        }
    }

    [Fact]
    public void Rounding_has_a_gradient_of_zero_which_is_noticed()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier inner, Tensor x, Tensor _) = Problem();
        var defended = new DefendedClassifier(inner, new BitDepthReduction(4));
        Tensor labels = defended.Predict(x);
        CompositeAttack attack = AttackPolicy.Parse("apgd-ce(t=20)").Build(Norm.LInf, 0.2);
        using EvaluatedRobustness hidden = new RobustnessEvaluation().Run(defended, x, labels, attack);
        Assert.Contains(hidden.Report.Findings, f => f.Code == "zero-gradients" && f.IsWarning);
        using EvaluatedRobustness seen = new RobustnessEvaluation().Run(defended.WithPath(GradientPath.StraightThrough), x, labels, attack);
        Assert.DoesNotContain(seen.Report.Findings, f => f.Code == "zero-gradients");
        Assert.True(seen.Report.RobustAccuracy < hidden.Report.RobustAccuracy - 0.2);
    }

    [Fact]
    public void Transforms_compute_what_they_say()
    {
        using var scope = torch.NewDisposeScope();
        Tensor x = Random(3, 2, 1, 5, 6);
        Tensor four = new BitDepthReduction(4).Apply(x) * 3;
        Assert.InRange((four - four.round()).abs().max().ToDouble(), 0, 1e-5);
        Assert.InRange((four / 3 - x).abs().max().ToDouble(), 0, (1 / 6.0) + 1e-6);
        Assert.Equal(x.gt(0.5).to(torch.float32).data<float>().ToArray(), new Binarization().Apply(x).data<float>().ToArray());

        // The middle of nine, by hand, inside and in a corner.
        Tensor median = new MedianFilter().Apply(x);
        float[] v = x[0, 0].contiguous().data<float>().ToArray();
        float[] inside = [.. new[] { 0, 1, 2, 6, 7, 8, 12, 13, 14 }.Select(i => v[i]).Order()];
        float[] corner = [.. new[] { 0, 0, 1, 0, 0, 1, 6, 6, 7 }.Select(i => v[i]).Order()];
        Assert.Equal(inside[4], median[0, 0, 1, 1].ToSingle());
        Assert.Equal(corner[4], median[0, 0, 0, 0].ToSingle());
        Assert.Throws<OptionsException>(() => new BitDepthReduction(1));
        Assert.Throws<OptionsException>(() => new MedianFilter(4));
        Assert.Throws<OptionsException>(() => new RandomNoise(0));
    }

    [Fact]
    public void Categories_stay_categories_under_attack()
    {
        // Twelve numbers that may move a little, and one category of four that may change whole.
        using var scope = torch.NewDisposeScope();
        (LinearClassifier inner, Tensor x, Tensor _) = Problem();
        int[] group = [12, 13, 14, 15];
        var valid = new OneHotProjection([group]);
        x = valid.Apply(x);
        Tensor category = x.narrow(1, 12, 4);
        Assert.True(category.sum([1]).eq(1).all().item<bool>());
        Assert.True(category.max().ToDouble() == 1 && category.min().ToDouble() == 0);
        Assert.True(valid.Apply(x).eq(x).all().item<bool>());

        var table = new DefendedClassifier(inner, valid, GradientPath.StraightThrough);
        Tensor labels = table.Predict(x);
        double[] scales = [.. Enumerable.Repeat(1.0, 12), .. Enumerable.Repeat(50.0, 4)];
        using AttackResult both = new AutoPgd(new() { Epsilon = 0.02, Steps = 40, Loss = AttackLoss.Margin, FeatureScales = scales }).Run(table, x, labels);
        using AttackResult numbers = new AutoPgd(new() { Epsilon = 0.02, Steps = 40, Loss = AttackLoss.Margin, FeatureScales = [.. scales.Select(s => s > 1 ? 0 : s)] }).Run(table, x, labels);
        Assert.True(both.RobustAccuracy < numbers.RobustAccuracy);
        Tensor made = valid.Apply(both.Adversarials);
        Assert.True(made.narrow(1, 12, 4).sum([1]).eq(1).all().item<bool>());
        Assert.Equal(both.Success, inner.Predict(made).ne(labels).data<bool>().ToArray());
        Assert.InRange((made - x).narrow(1, 0, 12).abs().max().ToDouble(), 0, 0.02 + 1e-6);
        Assert.Equal(0, (numbers.Adversarials - x).narrow(1, 12, 4).abs().max().ToDouble());
        Assert.Throws<OptionsException>(() => new OneHotProjection([[1]]));
        Assert.Throws<OptionsException>(() => new OneHotProjection([[1, 2], [2, 3]]));
    }

    [Fact]
    public void The_diagnosis_finds_what_hides_and_leaves_what_does_not()
    {
        using var scope = torch.NewDisposeScope();
        IReadOnlyList<RobustnessFinding> Find(IClassifier model, Tensor x, Tensor labels) =>
            new GradientMaskingDiagnosis(new() { Epsilon = 0.05, Queries = 200, Steps = 20 }).Run(model, x, labels);
        (LinearClassifier plain, Tensor x, Tensor labels) = Problem();
        Assert.Empty(Find(plain, x, labels));

        (LinearClassifier saturated, _, _) = Problem(scale: 1e4);
        Assert.Contains(Find(saturated, x, labels), f => f.Code == "saturation");
        var rounded = new DefendedClassifier(plain, new BitDepthReduction(4));
        Assert.Contains(Find(rounded, x, rounded.Predict(x)), f => f.Code == "zero-gradients");
        var cut = new DefendedClassifier(plain, new Binarization());
        Assert.Contains(Find(cut, x, cut.Predict(x)), f => f.Code == "no-gradients");
        using var noise = new RandomNoise(0.1);
        var random = new DefendedClassifier(plain, noise);
        Assert.Contains(Find(random, x, labels), f => f.Code == "randomised");
        var softmax = new SoftmaxClassifier(plain);
        Assert.Contains(Find(softmax, x, labels), f => f.Code == "probabilities");
    }

    [Fact]
    public void Under_L0_the_diagnosis_finds_the_same()
    {
        using var scope = torch.NewDisposeScope();
        IReadOnlyList<RobustnessFinding> Find(IClassifier model, Tensor x, Tensor labels) =>
            new GradientMaskingDiagnosis(new() { Norm = Norm.L0, Epsilon = 2, Queries = 200, Steps = 20 }).Run(model, x, labels);
        (LinearClassifier plain, Tensor x, Tensor labels) = Problem();
        Assert.DoesNotContain(Find(plain, x, labels), f => f.IsWarning);
        var rounded = new DefendedClassifier(plain, new BitDepthReduction(4));
        RobustnessFinding flat = Assert.Single(Find(rounded, x, rounded.Predict(x)), f => f.Code == "zero-gradients");
        Assert.Contains("sparse-rs", flat.Action, StringComparison.Ordinal);
        Assert.DoesNotContain("square", flat.Action, StringComparison.Ordinal);
        Assert.Throws<OptionsException>(() => new GradientMaskingDiagnosis(new() { Norm = Norm.L0, Epsilon = 0.5 }));

        // Where no pixel has a say there is nothing to find: every input stands though all pixels may change.
        var deaf = new LinearClassifier(torch.zeros_like(x.narrow(0, 0, 2)), torch.tensor(new[] { 1f, 0f }), InputBounds.Unit);
        Assert.Contains(Find(deaf, x, torch.zeros_like(labels)), f => f.Code == "whole-box");
    }

    private sealed class SoftmaxClassifier(IDifferentiableClassifier inner) : IDifferentiableClassifier
    {
        public int ClassCount => inner.ClassCount;

        public IReadOnlyList<long> InputShape => inner.InputShape;

        public InputBounds Bounds => inner.Bounds;

        public Tensor Logits(Tensor inputs) => inner.Logits(inputs).softmax(1);

        public Tensor Probabilities(Tensor inputs) => Logits(inputs).detach().softmax(1);

        public Tensor Predict(Tensor inputs) => inner.Predict(inputs);
    }
}
