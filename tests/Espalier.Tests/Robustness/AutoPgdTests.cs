using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Defences;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness;

public sealed class AutoPgdTests
{
    private const int Count = 300;
    private const int Features = 10;

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    [Theory]
    [InlineData(Norm.LInf, 0.2)]
    [InlineData(Norm.L2, 0.5)]
    [InlineData(Norm.L1, 0.8)]
    public void On_a_linear_model_every_adaptive_attack_reaches_the_closed_form(Norm norm, double epsilon)
    {
        // An input stands if and only if |w·x + b| > epsilon * (dual norm of w).
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        var model = LinearClassifier.Binary(w, 0.3, InputBounds.Unbounded);
        Tensor x = Random(2, Count, Features);
        Tensor margins = x.matmul(w) + 0.3;
        Tensor labels = margins.gt(0).to(torch.int64);
        double dual = norm switch { Norm.LInf => w.abs().sum().ToDouble(), Norm.L2 => w.norm().ToDouble(), _ => w.abs().max().ToDouble() };
        double[] ratios = (margins.abs() / (epsilon * dual)).to(torch.float64).data<double>().ToArray();
        string[] attacks = norm == Norm.L1 ? ["pgd", "mi", "cw", "apgd-ce", "apgd-dlr", "mt", "apgd-t"] : ["pgd", "mi", "cw", "apgd-ce", "apgd-dlr", "mt", "apgd-t", "odi-cos", "odi-cyclical", "mi-fgsm", "ni-fgsm", "vmi-fgsm", "bim"];
        foreach (string name in attacks)
        {
            using AttackResult result = AttackCatalog.Find(name).Create(new(norm, epsilon, 40)).Run(model, x, labels);
            int[] wrong = [.. Enumerable.Range(0, Count).Where(i => Math.Abs(ratios[i] - 1) > 0.01 && (ratios[i] < 1) != result.Success[i])];
            Assert.True(wrong.Length == 0, $"{name} in {norm}: {wrong.Length} wrong, such as at {(wrong.Length > 0 ? ratios[wrong[0]] : 0)}");
        }
    }

    [Theory]
    [InlineData(StepSchedule.Cosine)]
    [InlineData(StepSchedule.Cyclical)]
    [InlineData(StepSchedule.Step)]
    public void Step_schedules_fall_from_epsilon_to_a_hundredth(StepSchedule schedule)
    {
        double[] steps = [.. Enumerable.Range(0, 150).Select(i => OutputDiversified.RelativeStep(schedule, i, 150))];
        Assert.All(steps, s => Assert.InRange(s, 0.01 - 1e-12, 1 + 1e-12));
        switch (schedule)
        {
            case StepSchedule.Cosine:
                Assert.Equal(1, steps[0], 1e-12);
                Assert.Equal(0.01 + (0.99 / 2), steps[75], 1e-12);
                break;
            case StepSchedule.Cyclical:
                // Triangles of height 1 in the middle of each third, and the least at their ends.
                foreach (int third in (int[])[0, 1, 2])
                {
                    Assert.Equal(0.01, steps[third * 50], 1e-12);
                    Assert.Equal(1, steps[(third * 50) + 25], 1e-12);
                }

                break;
            default:
                Assert.Equal([1, 1, 0.1, 0.1, 0.01], new[] { 0, 49, 50, 99, 100 }.Select(i => steps[i]));
                break;
        }
    }

    [Fact]
    public void Diverse_inputs_send_gradients_the_way_back()
    {
        using var scope = torch.NewDisposeScope();
        Tensor x = Random(4, 6, 1, 12, 9);
        using InputDiversity diversity = InputDiversity.Draw(x, 0.5, new ExampleRandom(5, [0, 1, 2, 3, 4, 5], 1));
        Tensor direction = Random(6, 6, 1, 12, 9);
        Tensor weight = Random(7, 6, 1, 12, 9);

        // Linear: <weight, T(direction)> = <T*(weight), direction>.
        double forward = (diversity.Apply(direction) * weight).sum().ToDouble();
        double back = (diversity.Back(weight) * direction).sum().ToDouble();
        Assert.Equal(forward, back, 1e-3);
        Tensor changed = (diversity.Apply(x) - x).flatten(1).abs().amax([1]);
        Assert.InRange(changed.lt(1e-4).sum().item<long>(), 1, 5);
    }

    [Fact]
    public void A_model_that_answers_at_random_is_attacked_in_expectation()
    {
        // Logits w·x + noise: a single gradient is right here, single answers are not; passes are counted.
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        using var noise = new RandomNoise(0.05, 3);
        var model = new DefendedClassifier(LinearClassifier.Binary(w, 0, InputBounds.Unbounded), noise);
        Tensor x = Random(2, 50, Features);
        Tensor labels = x.matmul(w).gt(0).to(torch.int64);
        using AttackResult result = new AutoPgd(new() { Epsilon = 1e-4, Steps = 3, ExpectationPasses = 20, StopWhenFooled = false }).Run(model, x, labels);
        Assert.Equal(result.OriginallyCorrect.Count(c => c) * 3 * 20, result.GradientEvaluations);
    }
}
