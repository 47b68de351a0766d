using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;
using Espalier.Robustness.Search;

namespace Espalier.Tests.Robustness;

/// <summary>Inputs of one precision, a model of another, logits of a third: an attack answers as if all were one, or refuses with its own error.</summary>
public sealed class MixedPrecisionTests
{
    private const int Features = 10;

    private static readonly (string Policy, Norm Norm, double Epsilon)[] s_attacks =
    [
        ("pgd(t=5)", Norm.LInf, 0.05), ("fgsm", Norm.L2, 0.3), ("apgd-ce(t=10)", Norm.L1, 0.8), ("apgd-dlr(t=10)", Norm.LInf, 0.05), ("mt(t=5)", Norm.L2, 0.3),
        ("odi-cos(t=5)", Norm.LInf, 0.05), ("mi-fgsm(t=5)", Norm.LInf, 0.05), ("vmi-fgsm(t=3)", Norm.LInf, 0.05), ("pgd-fixed(t=5)", Norm.L1, 0.8),
        ("square(queries=30)", Norm.LInf, 0.05), ("square(queries=30)", Norm.L2, 0.3), ("square(queries=30)", Norm.L1, 0.8), ("spsa(t=3, probes=16)", Norm.LInf, 0.05), ("simba(queries=30)", Norm.L2, 0.3),
        ("hop-skip-jump(queries=150)", Norm.L2, 0.5), ("boundary(queries=100)", Norm.L2, 0.5), ("blend(queries=60)", Norm.L2, 0.5), ("noise(draws=20)", Norm.LInf, 0.1),
        ("fab(t=5)", Norm.LInf, 0.05), ("fab-t(t=5)", Norm.L2, 0.3), ("deepfool(t=5)", Norm.L2, 0.3), ("ddn(t=10)", Norm.L2, 0.3), ("fmn(t=10)", Norm.L1, 0.8), ("cw-l2(t=10)", Norm.L2, 0.3), ("ead(t=10)", Norm.L1, 0.8),
        ("jsma", Norm.L0, 2), ("pgd0(t=5)", Norm.L0, 2), ("sigma-zero(t=10)", Norm.L0, 2), ("sparse-rs(queries=30)", Norm.L0, 2),
        ("mt(t=5) -> cw(t=5) -> square(queries=20)", Norm.LInf, 0.05),
    ];

    public static TheoryData<string, Norm, double> Attacks
    {
        get
        {
            var data = new TheoryData<string, Norm, double>();
            foreach ((string policy, Norm norm, double epsilon) in s_attacks)
                data.Add(policy, norm, epsilon);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Inputs_of_any_precision_are_attacked_on_a_model_of_any(string policy, Norm norm, double epsilon)
    {
        using var scope = torch.NewDisposeScope();
        Attack attack = AttackPolicy.Parse(policy).Build(norm, epsilon, seed: 3, batchSize: 16);
        (Tensor weight, Tensor bias, Tensor x) = (Random(1, 5, Features), Random(2, 5), Random(3, 24, Features).sigmoid());
        Tensor labels = new LinearClassifier(weight, bias, InputBounds.Unit).Predict(x);
        double alone = Broken(attack, Module(weight, bias, torch.float32), x, labels);
        foreach (torch.ScalarType model in (torch.ScalarType[])[torch.float32, torch.float64])
        {
            foreach (torch.ScalarType inputs in (torch.ScalarType[])[torch.float32, torch.float64])
            {
                using var module = Module(weight, bias, model);
                double found = Broken(attack, module, x.to(inputs), labels);
                // Random numbers are a function of the inputs' bytes: another precision is another seed.
                Assert.InRange(found, alone - 6, alone + 6);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Logits_of_any_precision_are_read(string policy, Norm norm, double epsilon)
    {
        using var scope = torch.NewDisposeScope();
        Attack attack = AttackPolicy.Parse(policy).Build(norm, epsilon, seed: 3, batchSize: 16);
        (Tensor weight, Tensor bias, Tensor x) = (Random(1, 5, Features), Random(2, 5), Random(3, 24, Features).sigmoid());
        var plain = new LinearClassifier(weight, bias, InputBounds.Unit);
        Tensor labels = plain.Predict(x);
        using AttackResult expected = attack.Run(new Cast(plain, torch.float32), x, labels);
        foreach (torch.ScalarType type in (torch.ScalarType[])[torch.float64, torch.float16, torch.bfloat16])
        {
            using AttackResult found = attack.Run(new Cast(plain, type), x, labels);
            Assert.Equal(x.dtype, found.Adversarials.dtype);
            Assert.All(found.PerturbationNorms, size => Assert.InRange(size, 0, epsilon + 1e-5));
            // Half precision moves decisions near a boundary.
            Assert.InRange(Math.Abs(expected.Success.Count(s => s) - found.Success.Count(s => s)), 0, type == torch.float64 ? 2 : 6);
        }
    }

    [Theory]
    [InlineData("float16")]
    [InlineData("bfloat16")]
    public void Inputs_of_half_precision_are_attacked_as_single(string type)
    {
        using var scope = torch.NewDisposeScope();
        (Tensor weight, Tensor bias) = (Random(1, 5, Features), Random(2, 5));
        Tensor x = Random(3, 24, Features).sigmoid().to(type == "float16" ? torch.float16 : torch.bfloat16);
        var model = new LinearClassifier(weight, bias, InputBounds.Unit);
        Tensor labels = model.Predict(x.to(torch.float32));
        CompositeAttack attack = AttackPolicy.Parse("pgd(t=5) -> square(queries=20)").Build(Norm.LInf, 0.05, seed: 3);
        using AttackResult expected = attack.Run(model, x.to(torch.float32), labels);
        using AttackResult found = attack.Run(model, x, labels);
        Assert.Equal(torch.float32, found.Adversarials.dtype);
        Assert.Equal(expected.Success, found.Success);
        Assert.Equal(0, (expected.Adversarials - found.Adversarials).abs().max().ToDouble());
        using EvaluatedRobustness evaluated = new RobustnessEvaluation(new()).Run(model, x, labels, attack);
        Assert.Equal(expected.RobustAccuracy, evaluated.Report.RobustAccuracy, 1e-12);
        var diagnosis = new GradientMaskingDiagnosis(new() { Epsilon = 0.05, Queries = 50, Steps = 5 });
        Assert.Equal(diagnosis.Run(model, x.to(torch.float32), labels), diagnosis.Run(model, x, labels));
        PolicyExamples examples = new(x, labels);
        Assert.NotEmpty(new PolicySearch(new() { Epsilon = 0.05, Population = 2, Generations = 0, MaxSteps = 8, Pool = ["pgd", "fgsm"], SeedPublished = false }).Run(model, examples, examples).Front);
    }

    private static int Broken(Attack attack, torch.nn.Module<Tensor, Tensor> module, Tensor x, Tensor labels)
    {
        using var classifier = new TorchClassifier(module, [Features], 5);
        using AttackResult result = attack.Run(classifier, x, labels);
        Assert.Equal(x.dtype, result.Adversarials.dtype);
        Assert.True(classifier.Predict(result.Adversarials).ne(labels).to(torch.float32).sum().ToDouble() >= result.Success.Count(s => s) - 1);
        Assert.All(result.PerturbationNorms, size => Assert.InRange(size, 0, attack.Options.Epsilon + 1e-5));
        return result.Success.Count(s => s);
    }

    private static TorchSharp.Modules.Linear Module(Tensor weight, Tensor bias, torch.ScalarType type)
    {
        TorchSharp.Modules.Linear module = torch.nn.Linear(Features, 5, dtype: type);
        using (torch.no_grad())
        {
            module.weight!.copy_(weight);
            module.bias!.copy_(bias);
        }

        return module;
    }

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    /// <summary>A model whose answers are of another precision than what it is asked.</summary>
    private sealed class Cast(LinearClassifier model, torch.ScalarType type) : IDifferentiableClassifier
    {
        public int ClassCount => model.ClassCount;

        public IReadOnlyList<long> InputShape => model.InputShape;

        public InputBounds Bounds => model.Bounds;

        public Tensor Logits(Tensor inputs) => model.Logits(inputs).to(type);

        public Tensor Probabilities(Tensor inputs) => Logits(inputs).detach().to(torch.float32).softmax(1).to(type);

        public Tensor Predict(Tensor inputs) => model.Predict(inputs);
    }
}
