using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness;

public sealed class CompositeAttackTests
{
    private const int Features = 10;

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static (LinearClassifier Model, Tensor Inputs, Tensor Labels) Problem(int count = 200, int classes = 5)
    {
        var model = new LinearClassifier(Random(1, classes, Features), Random(2, classes), InputBounds.Unit);
        Tensor x = Random(3, count, Features).sigmoid();
        return (model, x, model.Predict(x));
    }

    [Theory]
    [InlineData(Norm.LInf)]
    [InlineData(Norm.L2)]
    [InlineData(Norm.L1)]
    public void Stages_of_half_the_radius_add_up_but_never_leave_the_whole(Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        double epsilon = norm switch { Norm.LInf => 0.1, Norm.L2 => 0.3, _ => 0.6 };
        AttackResult Run(string policy, bool all) => new CompositeAttack(AttackPolicy.Parse(policy).Build(norm, epsilon).Options with { StopWhenFooled = !all }).Run(model, x, labels);
        using AttackResult half = Run("pgd(eps=0.5, t=30)", true);
        using AttackResult twice = Run("pgd(eps=0.5, t=30) -> pgd(eps=0.5, t=30)", true);
        using AttackResult thrice = Run("pgd(eps=0.5, t=30) -> pgd(eps=0.5, t=30) -> pgd(eps=0.5, t=30)", true);
        using AttackResult whole = Run("pgd(t=60)", true);
        Assert.All(half.PerturbationNorms, n => Assert.InRange(n, 0, (epsilon / 2) + 1e-5));
        Assert.All(thrice.PerturbationNorms, n => Assert.InRange(n, 0, epsilon + 1e-5));
        Assert.True(twice.PerturbationNorms.Max() > epsilon * 0.75);
        Assert.True(twice.RobustAccuracy < half.RobustAccuracy);
        Assert.InRange(twice.RobustAccuracy, whole.RobustAccuracy - 0.01, whole.RobustAccuracy + 0.02);
        Assert.True(thrice.RobustAccuracy <= twice.RobustAccuracy);
    }

    [Fact]
    public void Later_stages_only_pay_for_survivors_and_the_first_success_is_remembered()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        using AttackResult first = AttackPolicy.Parse("fgsm").Build(Norm.LInf, 0.05).Run(model, x, labels);
        using AttackResult both = AttackPolicy.Parse("fgsm | cw(t=20)").Build(Norm.LInf, 0.05).Run(model, x, labels);
        int survivors = first.Success.Count(s => !s);
        Assert.InRange(survivors, 20, 180);
        Assert.Equal(["fgsm", "cw(t=20)"], both.Stages.Select(s => s.Name));
        Assert.Equal(200, both.Stages[0].Gradients);
        Assert.InRange(both.Stages[1].Gradients, survivors, survivors * 20);
        Assert.Equal(first.Success.Count(s => s), both.Stages[0].Fooled);
        Assert.Equal(both.Success.Count(s => s), both.Stages.Sum(s => s.Fooled));
        Assert.Equal(first.Success, both.FirstStage.Select(s => s == 0));
        Assert.Equal(both.GradientEvaluations, both.Stages.Sum(s => s.Gradients));
        Assert.Equal(both.Queries, 200 + both.Stages.Sum(s => s.Queries));
    }

    [Fact]
    public void The_official_chaining_runs_each_later_stage_twice()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        CompositeAttack attack = (AttackPolicy.Parse("pgd(t=5) -> cw(t=5)") with { Mode = ChainMode.OfficialRandom }).Build(Norm.LInf, 1e-6);
        using AttackResult result = attack.Run(model, x, labels);
        int standing = result.Success.Count(s => !s);
        Assert.True(standing > 190);
        Assert.InRange(result.GradientEvaluations, standing * 15, 200 * 15);
        Assert.Equal(15, attack.Complexity);
    }

    [Theory]
    [InlineData("mt(t=10) -> cw(t=10)", Norm.LInf, 0.05)]
    [InlineData("pgd(t=10) | odi-cos(t=10) | mi-fgsm", Norm.L2, 0.2)]
    public void Neither_batch_size_nor_company_changes_what_becomes_of_a_sample(string policy, Norm norm, double epsilon)
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem(64);
        AttackResult Run(int batch) => AttackPolicy.Parse(policy).Build(norm, epsilon, seed: 3, batchSize: batch).Run(model, x, labels);
        using AttackResult all = Run(64);
        foreach (int batch in (int[])[1, 7])
        {
            using AttackResult parts = Run(batch);
            Assert.Equal(all.FirstStage, parts.FirstStage);
            Assert.Equal(all.GradientsPerSample, parts.GradientsPerSample);
            // Sums in another order differ in the last bits, and forty steps carry them on.
            Assert.InRange((all.Adversarials - parts.Adversarials).abs().max().ToDouble(), 0, 1e-4);
        }
    }

    [Fact]
    public void A_budget_ends_it_with_what_was_found()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        Attack attack = AttackPolicy.Parse("cw(t=50)").Build(Norm.LInf, 0.02, batchSize: 50);
        using AttackResult unlimited = attack.Run(model, x, labels);
        QueryBudgetException error = Assert.Throws<QueryBudgetException>(() => attack.Run(model, x, labels, maxQueries: 3000));
        using AttackResult partial = error.Result!;
        Assert.InRange(partial.Queries, 2900, 3000);
        Assert.Equal(200, partial.Count);
        Assert.All(partial.Success.Zip(unlimited.Success), p => Assert.True(!p.First || p.Second));
    }

    [Fact]
    public void Models_that_give_less_than_an_attack_needs_are_refused_with_what_would_do()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        var scores = new DelegateClassifier([Features], 5, model.Probabilities);
        OptionsException error = Assert.Throws<OptionsException>(() => new AutoPgd().Run(scores, x, labels));
        Assert.Contains("square", error.Message, StringComparison.Ordinal);
        var broken = new DelegateClassifier([Features], 5, t => model.Probabilities(t) * double.NaN);
        Assert.Throws<ModelOutputException>(() => AttackPolicy.Parse("square(queries=5)").Build(Norm.LInf, 0.1).Run(broken, x, labels));
        Assert.Throws<OptionsException>(() => AttackPolicy.Parse("cw").Build(Norm.LInf, -0.1));
        Assert.Throws<OptionsException>(() => new AutoPgd(new() { FeatureScales = [1, 2] }).Run(model, x, labels));
    }

    [Fact]
    public void Zero_is_a_radius_and_leaves_the_clean_accuracy()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        labels = labels.clone();
        labels[0] = (labels[0] + 1) % 5;
        foreach (Norm norm in Enum.GetValues<Norm>())
        {
            using AttackResult result = AttackPolicy.Parse(norm == Norm.L0 ? "pgd0(t=3) -> sigma-zero(t=3) -> sparse-rs(queries=9)" : "mt(t=3) -> cw(t=3)").Build(norm, 0).Run(model, x, labels);
            Assert.Equal(199 / 200.0, result.RobustAccuracy, 1e-12);
            Assert.Equal(0, (result.Adversarials - x).abs().max().ToDouble());
        }
    }
}
