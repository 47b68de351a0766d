using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.MinimumNorm;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness.MinimumNorm;

public sealed class VictimDistanceTests
{
    [Fact]
    public void On_an_mnist_network_the_median_distance_is_the_measured_one()
    {
        using var victim = Victim.Open("tiny_std", 20);
        using var scope = torch.NewDisposeScope();
        double[] Distances(Attack attack)
        {
            using AttackResult result = attack.Run(victim.Classifier, victim.Inputs, victim.Labels);
            Assert.All(result.Success, Assert.True);
            Assert.True(victim.Classifier.Predict(result.Adversarials).ne(victim.Labels).all().item<bool>());
            return [.. result.PerturbationNorms];
        }

        // 0.983 is the (lower) median of another implementation of DDN, with 100 steps.
        double[] ddn = Distances(new DecoupledDirectionNorm(new() { Levels = 256 }));
        Assert.Equal(0.983, ddn.Order().ElementAt(9), 0.002);

        // The others are as near on average, or, like DeepFool, a little further.
        double Ratio(Attack attack) => Math.Exp(Distances(attack).Zip(ddn, (d, reference) => Math.Log(d / reference)).Average());
        double[] ratios =
        [
            Ratio(new FastMinimumNorm(new() { Norm = Norm.L2 })),
            Ratio(new FastAdaptiveBoundary(new() { Norm = Norm.L2, Steps = 30 })),
            Ratio(new DeepFool()),
        ];
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(" ", ratios));
        Assert.InRange(ratios[0], 0.95, 1.05);
        Assert.InRange(ratios[1], 0.95, 1.05);
        Assert.InRange(ratios[2], 1, 1.3);
    }
}
