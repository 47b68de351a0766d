using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Models;

/// <summary>Several classifiers on one module, alive at once and given back in any order.</summary>
public sealed class SharedModuleTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whichever_of_two_classifiers_goes_first_the_module_is_as_it_was(bool isFirstGoneFirst)
    {
        using var scope = torch.NewDisposeScope();
        using TorchSharp.Modules.Sequential module = Network();
        module.train();
        ((torch.nn.Module)module.children().First(c => c is TorchSharp.Modules.BatchNorm1d)).eval();
        bool[] before = [.. module.modules().Select(m => m.training)];
        TorchSharp.Modules.Parameter frozen = module.parameters().First();
        frozen.requires_grad_(false);
        var first = new TorchClassifier(module, [4], 3, InputBounds.Unbounded);
        var second = new TorchClassifier(module, [4], 3, InputBounds.Unbounded);
        Tensor x = torch.linspace(-1, 1, 20).view(5, 4);
        Tensor expected = first.Probabilities(x);
        TorchClassifier last = isFirstGoneFirst ? second : first;
        (isFirstGoneFirst ? first : second).Dispose();

        // The one that is left still evaluates and takes no gradient of the weights.
        Assert.All(module.modules(), m => Assert.False(m.training));
        Assert.All(module.parameters(), p => Assert.False(p.requires_grad));
        Assert.Equal(0, (last.Probabilities(x) - expected).abs().max().ToDouble());
        using (AttackResult result = AttackPolicy.Parse("pgd(t=3)").Build(Norm.LInf, 0.1).Run(last, x, last.Predict(x)))
            Assert.Equal(5, result.Count);

        last.Dispose();
        Assert.Equal(before, module.modules().Select(m => m.training));
        Assert.Equal([false, .. Enumerable.Repeat(true, module.parameters().Count() - 1)], module.parameters().Select(p => p.requires_grad));
        last.Dispose();
        Assert.Equal(before, module.modules().Select(m => m.training));
    }

    [Fact]
    public void An_attack_beside_another_classifier_on_the_module_answers_as_alone()
    {
        using var scope = torch.NewDisposeScope();
        using TorchSharp.Modules.Sequential module = Network();
        Tensor x = torch.linspace(-1, 1, 40).view(10, 4);
        CompositeAttack attack = AttackPolicy.Parse("pgd(t=5) -> fab-t(t=3, targets=2) -> square(queries=10)").Build(Norm.LInf, 0.3);
        AttackResult alone;
        Tensor labels;
        using (var classifier = new TorchClassifier(module, [4], 3, InputBounds.Unbounded))
        {
            labels = classifier.Predict(x);
            alone = attack.Run(classifier, x, labels);
        }

        using var other = new TorchClassifier(module, [4], 3, InputBounds.Unbounded);
        using (var inner = new TorchClassifier(module, [4], 3, InputBounds.Unbounded))
            inner.Predict(x);
        using var attacked = new TorchClassifier(module, [4], 3, InputBounds.Unbounded);
        using AttackResult beside = attack.Run(attacked, x, labels);
        Assert.Equal(alone.Success, beside.Success);
        Assert.Equal(0, (alone.Adversarials - beside.Adversarials).abs().max().ToDouble());
        alone.Dispose();
    }

    private static TorchSharp.Modules.Sequential Network()
    {
        torch.manual_seed(3);
        return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3));
    }
}
