using Espalier.Data;
using Espalier.Models;
using Espalier.Robustness;
using Espalier.Tests.Training;
using Espalier.Training;

namespace Espalier.Tests.Robustness;

/// <summary>Types and companies that a model is not made for: a right result or a typed error, never libtorch's trace.</summary>
public sealed class MixedPrecisionTests
{
    private const int Features = 8;

    public static TheoryData<string, Norm> Attacks => new()
    {
        { "pgd(t=5)", Norm.LInf }, { "apgd-dlr(t=10)", Norm.L2 }, { "cw(t=5)", Norm.LInf }, { "fab-t(t=10)", Norm.L2 }, { "square(queries=30)", Norm.LInf },
        { "ddn", Norm.L2 }, { "hop-skip-jump(queries=100)", Norm.L2 }, { "pgd0(t=5)", Norm.L0 },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Inputs_of_another_type_than_the_weights_are_a_typed_error(string policy, Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        using var module = torch.nn.Linear(Features, 4);
        using var classifier = new TorchClassifier(module, [Features], 4);
        Tensor x = torch.rand(6, Features, dtype: torch.float64);
        Attack attack = AttackPolicy.Parse(policy).Build(norm, norm == Norm.L0 ? 2 : 0.1);
        Assert.Throws<DataException>(() => attack.Run(classifier, x, torch.zeros(6, dtype: torch.int64)));

        // A model of one's own fails in its own way.
        var raw = new DelegateClassifier([Features], 4, v => torch.nn.functional.linear(v, module.weight!, module.bias!).softmax(1));
        if (attack.Access != Access.Gradients)
            Assert.Throws<ModelOutputException>(() => attack.Run(raw, x, torch.zeros(6, dtype: torch.int64)));
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Double_precision_throughout_is_attacked_as_single(string policy, Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        using var module = torch.nn.Linear(Features, 4);
        using var twice = torch.nn.Linear(Features, 4, dtype: torch.float64);
        using (torch.no_grad())
        {
            twice.weight!.copy_(module.weight!);
            twice.bias!.copy_(module.bias!);
        }

        using var single = new TorchClassifier(module, [Features], 4);
        using var both = new TorchClassifier(twice, [Features], 4);
        using var generator = new torch.Generator(3);
        Tensor x = torch.rand(12, Features, generator: generator);
        Tensor labels = single.Predict(x);
        Attack attack = AttackPolicy.Parse(policy).Build(norm, norm == Norm.L0 ? 3 : 0.4);
        using AttackResult one = attack.Run(single, x, labels);
        using AttackResult two = attack.Run(both, x.to(torch.float64), labels);
        Assert.Equal(torch.float64, two.Adversarials.dtype);
        Assert.Equal(one.OriginallyCorrect, two.OriginallyCorrect);
        using Tensor after = both.Predict(two.Adversarials);
        for (int i = 0; i < 12; i++)
            Assert.Equal(two.Success[i], after[i].ToInt64() != labels[i].ToInt64());
    }

    [Theory]
    [InlineData(torch.ScalarType.BFloat16)]
    [InlineData(torch.ScalarType.Float64)]
    public void Logits_of_another_type_than_the_inputs_are_attacked(torch.ScalarType type)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(4);
        Tensor weight = torch.randn([Features, 4], generator: generator);
        var model = new Typed(weight, type);
        Tensor x = torch.rand(10, Features, generator: generator);
        Tensor labels = model.Predict(x);
        foreach ((string policy, Norm norm) in Attacks.Select(a => ((string)a.Data.Item1, a.Data.Item2)))
        {
            Attack attack = AttackPolicy.Parse(policy).Build(norm, norm == Norm.L0 ? 3 : 0.4);
            using AttackResult result = attack.Run(model, x, labels);
            using Tensor after = model.Predict(result.Adversarials);
            for (int i = 0; i < 10; i++)
                Assert.Equal(result.Success[i], after[i].ToInt64() != labels[i].ToInt64());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_classifiers_of_one_module_freeze_it_until_the_last_is_gone(bool firstGoesFirst)
    {
        using var module = torch.nn.Sequential(torch.nn.Linear(Features, 4), torch.nn.Dropout());
        module.train();
        var one = new TorchClassifier(module, [Features], 4);
        var two = new TorchClassifier(module, [Features], 4);
        (TorchClassifier first, TorchClassifier last) = firstGoesFirst ? (one, two) : (two, one);
        first.Dispose();
        first.Dispose();
        Assert.All(module.modules(), m => Assert.False(m.training));
        Assert.All(module.parameters(), p => Assert.False(p.requires_grad));
        last.Dispose();
        Assert.All(module.modules(), m => Assert.True(m.training));
        Assert.All(module.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void Two_trainings_in_one_process_are_those_of_one_after_the_other()
    {
        using Dataset data = InvariantModel.Data(128, torch.float32);
        TrainerOptions Options(int seed) => new() { BatchSize = 16, GhostBatchSize = 8, Length = Duration.Steps(40), Seed = seed, Ema = new() { Momentum = 0.9 } };
        Tensor Train(InvariantModel model, int seed)
        {
            new Trainer(Options(seed)).Fit(new InvariantModel.Classify(model), data).Dispose();
            return model.Flat();
        }

        Tensor[] alone = [.. Enumerable.Range(1, 2).Select(seed => Train(new InvariantModel(), seed))];
        InvariantModel[] models = [new(), new()];
        var together = new Tensor[2];
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(i => new Thread(() => together[i] = Train(models[i], i + 1)))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        for (int i = 0; i < 2; i++)
            Assert.True(alone[i].equal(together[i]).all().item<bool>());
    }

    private sealed class Typed(Tensor weight, torch.ScalarType type) : IDifferentiableClassifier
    {
        public int ClassCount => 4;

        public IReadOnlyList<long> InputShape => [Features];

        public InputBounds Bounds => InputBounds.Unit;

        public Tensor Logits(Tensor inputs) => inputs.matmul(weight).to(type);

        public Tensor Probabilities(Tensor inputs) => Logits(inputs).softmax(1);

        public Tensor Predict(Tensor inputs) => PredictedClasses.Of(Logits(inputs));
    }
}
