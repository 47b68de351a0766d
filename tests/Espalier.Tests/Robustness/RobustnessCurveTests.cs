using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness;

public sealed class RobustnessCurveTests
{
    [Fact]
    public void A_linear_models_curve_is_the_distribution_of_its_margins()
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1);
        Tensor w = torch.randn([6], generator: generator);
        var model = LinearClassifier.Binary(w, 0, InputBounds.Unbounded);
        Tensor x = torch.randn([100, 6], generator: generator);
        Tensor labels = model.Predict(x).clone();
        labels[0] = 1 - labels[0];
        double[] radius = (x.matmul(w).abs() / w.norm()).to(torch.float64).data<double>().ToArray();
        double[] epsilons = [0.8, 0.1, 0.4, 0, 0.4];

        var attack = new ProjectedGradientDescent(new() { Norm = Norm.L2 });
        RobustnessCurve curve = RobustnessCurve.Measure(attack, model, x, labels, epsilons);
        Assert.Equal([0, 0.1, 0.4, 0.8], curve.Points.Select(p => p.Epsilon));
        Assert.Equal(0.99, curve.CleanAccuracy, 1e-12);
        Assert.All(curve.Points, p => Assert.Equal(radius.Skip(1).Count(r => r > p.Epsilon) / 100.0, p.RobustAccuracy, 1e-12));
        Assert.Equal(0, curve.BrokenAt[0]);
        for (int i = 1; i < 100; i++)
            Assert.Equal(new[] { 0.1, 0.4, 0.8, double.PositiveInfinity }.First(e => e > radius[i]), curve.BrokenAt[i]);
        Assert.Throws<OptionsException>(() => RobustnessCurve.Measure(attack, model, x, labels, []));
    }

    [Fact]
    public void One_search_for_the_smallest_change_gives_the_whole_curve()
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1);
        Tensor w = torch.randn([6], generator: generator);
        var model = LinearClassifier.Binary(w, 0, InputBounds.Unbounded);
        Tensor x = torch.randn([100, 6], generator: generator);
        Tensor labels = model.Predict(x);
        double[] radius = (x.matmul(w).abs() / w.norm()).to(torch.float64).data<double>().ToArray();
        Attack attack = AttackCatalog.Find("fab").Create(new(Norm.L2, double.PositiveInfinity, 30));
        using AttackResult result = attack.Run(model, x, labels);
        RobustnessCurve curve = RobustnessCurve.OfSmallest(result, [0.4, 0.1, 0.8]);
        Assert.Equal([0.1, 0.4, 0.8], curve.Points.Select(p => p.Epsilon));
        Assert.All(curve.Points, p => Assert.Equal(radius.Count(r => r > p.Epsilon) / 100.0, p.RobustAccuracy, 0.011));
        using AttackResult limited = attack.WithEpsilon(0.1).Run(model, x, labels);
        Assert.Throws<OptionsException>(() => RobustnessCurve.OfSmallest(limited, [0.1]));
    }
}
