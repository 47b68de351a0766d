using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Regions;
using Espalier.Robustness.Search;

namespace Espalier.Tests.Robustness;

public sealed class HardExamplesTests
{
    private const double Epsilon = 0.2;
    private const double Hidden = 0.195;
    private const int Idle = 37;

    [Fact]
    public void Where_no_attack_is_stronger_than_ten_steps_they_are_those_that_nearly_fall()
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1);
        Tensor w = torch.randn(10, generator: generator);
        var model = LinearClassifier.Binary(w, 0, InputBounds.Unbounded);
        Tensor x = torch.randn(400, 10, generator: generator);
        (IReadOnlyList<int> chosen, double radius) = HardExamples.Choose(model, x, model.Predict(x), 50, Norm.LInf, Epsilon, 1);
        Assert.Equal(Epsilon, radius);
        Assert.Equal(50, chosen.Distinct().Count());

        // Ten steps reach the whole radius on a linear model: who stands is who lies beyond it, |w·x| > ε ‖w‖1, nearest first.
        double[] ratio = (x.matmul(w).abs() / (Epsilon * w.abs().sum())).to(torch.float64).data<double>().ToArray();
        int[] expected = [.. Enumerable.Range(0, 400).Where(i => ratio[i] > 1).OrderBy(i => ratio[i]).Take(40)];
        Assert.InRange(expected.Intersect(chosen).Count(), 39, 40);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(40)]
    public void Those_that_only_the_stronger_attack_breaks_come_first_then_those_that_it_nearly_breaks(int count)
    {
        using var scope = torch.NewDisposeScope();
        (Decoyed model, Tensor x) = Decoys(30, Hidden);
        (IReadOnlyList<int> chosen, double radius) = HardExamples.Choose(model, x, model.Predict(x), count, Norm.LInf, Epsilon, 1);
        Assert.Equal(Epsilon, radius);
        Assert.Equal(count, chosen.Distinct().Count());

        // A start beyond the hidden class breaks one by chance, of forty about one.
        int hidden = chosen.Count(i => i < 30);
        int wanted = Math.Min(30, (int)(0.4 * count));
        Assert.InRange(hidden, wanted - 2, 30);
        int standing = (int)(0.8 * count) - Math.Min(hidden, wanted);
        Assert.Superset(Enumerable.Range(130, standing).ToHashSet(), chosen.ToHashSet());
        Assert.InRange(chosen.Count(i => i is >= 30 and < 130), 0, count / 5);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(5)]
    public void The_radius_grows_to_where_the_stronger_attack_breaks_more(int hidden)
    {
        using var scope = torch.NewDisposeScope();
        (Decoyed model, Tensor x) = Decoys(hidden, Hidden);
        double radius = HardExamples.Choose(model, x, model.Predict(x), 100, Norm.LInf, 0.1, 1).Radius;

        // The hidden class lies at 0.195: 0.1 · 1.2⁴ is the first that reaches it. Five are fewer than a tenth of a hundred, but more than elsewhere.
        Assert.Equal(0.1 * Math.Pow(1.2, 4), radius, 1e-9);
    }

    [Fact]
    public void Where_nothing_falls_the_radius_stays()
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1);
        var model = LinearClassifier.Binary(torch.randn(10, generator: generator), 1e6, InputBounds.Unbounded);
        Tensor x = torch.randn(20, 10, generator: generator);
        Assert.Equal(0.1, HardExamples.Choose(model, x, model.Predict(x), 10, Norm.LInf, 0.1, 1).Radius);
    }

    [Fact]
    public void What_the_model_gets_wrong_is_never_chosen()
    {
        using var scope = torch.NewDisposeScope();
        (Decoyed model, Tensor x) = Decoys(30, Hidden);
        Tensor labels = model.Predict(x).clone();
        labels[torch.TensorIndex.Slice(null, 200)] = 1;
        IReadOnlyList<int> chosen = HardExamples.Choose(model, x, labels, 300, Norm.LInf, Epsilon, 1).Rows;
        Assert.Equal(Enumerable.Range(200, (int)x.shape[0] - 200), chosen.Order());
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        using var scope = torch.NewDisposeScope();
        (Decoyed model, Tensor x) = Decoys(4, Hidden);
        Tensor labels = model.Predict(x);
        Assert.Throws<OptionsException>(() => HardExamples.Choose(model, x, labels, 4, Norm.LInf, 0, 1));
        Assert.Throws<OptionsException>(() => HardExamples.Choose(model, x, labels, 0, Norm.LInf, 0.1, 1));
        Assert.Throws<OptionsException>(() => HardExamples.Choose(model, x, labels, 4, Norm.L0, 0.1, 1));
    }

    /// <summary>
    /// Inputs (0, thousandths of d, side, nothing): first hidden ones; to row 130 those that fall to anything within 0.2 and from 0.05 on; then 100 that
    /// stand ever further beyond 0.2; then 150 that nothing comes near.
    /// </summary>
    private static (Decoyed Model, Tensor Inputs) Decoys(int hidden, double distance)
    {
        IEnumerable<float[]> rows =
        [
            .. Enumerable.Range(0, hidden).Select(_ => Row(distance, -1)),
            .. Enumerable.Range(0, 130 - hidden).Select(i => Row(0.05 + (0.14 * i / 130), 1)),
            .. Enumerable.Range(0, 100).Select(i => Row(0.21 + (0.002 * i), 1)),
            .. Enumerable.Range(0, 150).Select(i => Row(2 + (0.1 * i), 1)),
        ];
        return (new(), torch.stack([.. rows.Select(r => torch.tensor(r))]));

        static float[] Row(double d, int side) => [0, (float)Math.Round(1000 * d), side, .. new float[Idle]];
    }

    /// <summary>
    /// Class 0 has logit 0. On one side class 1 is reached where the first feature is d; on the other, class 2 where it is -d, but
    /// class 1, which lies out of reach at +1, has the steeper part in the cross-entropy's gradient: e^(u-1) against 0.1 e^(0.1(-u-d)).
    /// Only who aims at class 2 goes there. What d and side are, no change of less than a half alters; the idle features make a random
    /// start in the corner of class 2 rare.
    /// </summary>
    private sealed class Decoyed : IDifferentiableClassifier
    {
        public int ClassCount => 3;

        public IReadOnlyList<long> InputShape => [3 + Idle];

        public InputBounds Bounds => InputBounds.Unbounded;

        public Tensor Logits(Tensor inputs)
        {
            Tensor u = inputs.select(1, 0);
            Tensor d = inputs.select(1, 1).detach().round() / 1000;
            Tensor isHidden = inputs.select(1, 2).detach().lt(0);
            Tensor first = torch.where(isHidden, u - 1, u - d);
            Tensor second = torch.where(isHidden, 0.1 * (-u - d), torch.full_like(u, -100));
            return torch.stack([torch.zeros_like(u), first, second], 1);
        }

        public Tensor Probabilities(Tensor inputs) => Logits(inputs).detach().softmax(1);

        public Tensor Predict(Tensor inputs) => Logits(inputs).detach().argmax(1);
    }
}
