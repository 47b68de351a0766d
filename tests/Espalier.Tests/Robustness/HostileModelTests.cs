using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;
using Espalier.Tests.Data;

namespace Espalier.Tests.Robustness;

/// <summary>Models and orders that once bent an attack's result without a word.</summary>
public sealed class HostileModelTests : IDisposable
{
    private const int Features = 10;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static (Tensor Weight, Tensor Bias, Tensor Inputs) Problem(int count) => (Random(1, 5, Features), Random(2, 5), Random(3, count, Features).sigmoid());

    private static CompositeAttack Attack(string policy, double epsilon = 0.05, int batch = 7, Norm norm = Norm.LInf) => AttackPolicy.Parse(policy).Build(norm, epsilon, seed: 1, batchSize: batch);

    [Theory]
    [InlineData("pgd(t=10)")]
    [InlineData("square(queries=50)")]
    public void A_model_that_writes_into_its_input_is_attacked_like_one_that_does_not(string policy)
    {
        using var scope = torch.NewDisposeScope();
        (Tensor weight, Tensor bias, Tensor x) = Problem(40);
        var honest = new LinearClassifier(weight, bias, InputBounds.Unit);
        Tensor labels = honest.Predict(x);
        Tensor before = x.clone();
        using AttackResult expected = Attack(policy).Run(honest, x, labels);
        using AttackResult found = Attack(policy).Run(new Scribbler(honest), x, labels);
        Assert.True(x.equal(before).all().item<bool>());
        Assert.Equal(expected.Success, found.Success);
        Assert.InRange(expected.Success.Count(s => s), 1, 40);
    }

    [Fact]
    public void A_module_with_an_operation_in_place_in_front_leaves_the_inputs_alone()
    {
        using var scope = torch.NewDisposeScope();
        using var module = torch.nn.Sequential(torch.nn.ReLU(inplace: true), torch.nn.Linear(Features, 5));
        using var classifier = new TorchClassifier(module, [Features], 5, InputBounds.Unbounded);
        Tensor x = Random(1, 8, Features);
        Tensor before = x.clone();
        classifier.Predict(x);
        classifier.Probabilities(x);
        using (torch.enable_grad())
        {
            Tensor leaf = x.clone().requires_grad_(true);
            classifier.Logits(leaf).sum().backward();
            Assert.NotNull(leaf.grad);
        }

        Assert.True(x.equal(before).all().item<bool>());
    }

    public static TheoryData<string, bool> Shuffled => new()
    {
        { "pgd(t=5)", false }, { "apgd-ce(t=10)", false }, { "square(queries=60)", false }, { "mt(t=5) -> cw(t=5)", false }, { "spsa(t=5)", false }, { "hop-skip-jump(queries=200)", true }, { "boundary(queries=200)", true },
    };

    [Theory]
    [MemberData(nameof(Shuffled))]
    public void The_order_of_the_inputs_does_not_matter(string policy, bool isFar)
    {
        using var scope = torch.NewDisposeScope();
        (Tensor weight, Tensor bias, Tensor x) = Problem(30);
        var model = new LinearClassifier(weight, bias, InputBounds.Unit);
        Tensor labels = model.Predict(x);
        Tensor order = torch.tensor(Enumerable.Range(0, 30).Select(i => (long)((i * 7) + 3) % 30).ToArray());
        Attack attack = Attack(policy, isFar ? 0.5 : 0.03, norm: isFar ? Norm.L2 : Norm.LInf);
        using AttackResult straight = attack.Run(model, x, labels);
        using AttackResult shuffled = attack.Run(model, x.index_select(0, order), labels.index_select(0, order));
        long[] rows = order.data<long>().ToArray();
        Assert.Equal(rows.Select(r => straight.Success[(int)r]), shuffled.Success);
        Assert.Equal(rows.Select(r => straight.QueriesPerSample[(int)r]), shuffled.QueriesPerSample);
        Assert.True(straight.Adversarials.index_select(0, order).allclose(shuffled.Adversarials, rtol: 1e-4, atol: 1e-5));
    }

    [Fact]
    public void A_checkpoint_of_another_model_is_refused_though_its_answers_look_alike()
    {
        using var scope = torch.NewDisposeScope();
        using var module = torch.nn.Linear(Features, 5);
        Tensor x = Random(3, 40, Features).sigmoid();
        string folder = _folder.File("evaluation");
        using var classifier = new TorchClassifier(module, [Features], 5);
        Tensor labels = classifier.Predict(x);
        var evaluation = new RobustnessEvaluation(new() { Checkpoint = folder });
        evaluation.Run(classifier, x, labels, Attack("pgd(t=5)")).Dispose();

        // Another weight by a millionth: four rounded digits of eight answers would not tell.
        using var other = torch.nn.Linear(Features, 5);
        other.load_state_dict(module.state_dict());
        using (torch.no_grad())
            other.weight![0, 0].mul_(1 + 1e-6);
        using var changed = new TorchClassifier(other, [Features], 5);
        Assert.Throws<CheckpointException>(() => evaluation.Run(changed, x, labels, Attack("pgd(t=5)")));
        Assert.Throws<CheckpointException>(() => evaluation.Run(new LabelsOnly(changed), x, labels, Attack("hop-skip-jump(queries=50)")));
        evaluation.Run(classifier, x, labels, Attack("pgd(t=5)")).Dispose();
    }

    [Fact]
    public void A_checkpoint_of_a_model_without_weights_is_refused_where_late_inputs_tell()
    {
        using var scope = torch.NewDisposeScope();
        (Tensor weight, Tensor bias, Tensor x) = Problem(64);
        IScoringClassifier Model(double scale) => new DelegateClassifier([Features], 5, v => ((v.matmul(weight.t()) + bias) * (1 + (scale * v.narrow(1, 0, 1).sub(0.9).clamp_min(0)))).softmax(1));
        IScoringClassifier first = Model(0);
        Tensor labels = first.Predict(x);
        var evaluation = new RobustnessEvaluation(new() { Checkpoint = _folder.File("delegate") });
        evaluation.Run(first, x, labels, Attack("square(queries=20)")).Dispose();
        Assert.Throws<CheckpointException>(() => evaluation.Run(Model(0.5), x, labels, Attack("square(queries=20)")));
        evaluation.Run(Model(0), x, labels, Attack("square(queries=20)")).Dispose();
    }

    [Fact]
    public void NaN_under_access_to_labels_is_an_error_and_no_success()
    {
        using var scope = torch.NewDisposeScope();
        (Tensor weight, Tensor bias, Tensor x) = Problem(10);
        var model = new DelegateClassifier([Features], 5, v => torch.where(v.sum([1], keepdim: true).gt(6), torch.full_like(v.narrow(1, 0, 1), double.NaN), v.matmul(weight.t()) + bias).softmax(1));
        Tensor labels = (x.matmul(weight.t()) + bias).argmax(1);
        Assert.Throws<ModelOutputException>(() => Attack("hop-skip-jump(queries=100)", 1).Run(new LabelsOnly(model), x, labels));
        var outside = new Outside();
        Assert.Contains("hold 7", Assert.Throws<ModelOutputException>(() => Attack("hop-skip-jump(queries=100)", 1).Run(outside, x, labels)).Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(45)]
    [InlineData(200)]
    [InlineData(900)]
    [InlineData(100_000)]
    public void No_more_queries_are_sent_than_allowed_and_the_result_is_kept(long budget)
    {
        using var scope = torch.NewDisposeScope();
        (Tensor weight, Tensor bias, Tensor x) = Problem(40);
        long sent = 0;
        var model = new DelegateClassifier([Features], 5, v =>
        {
            sent += v.shape[0];
            return (v.matmul(weight.t()) + bias).softmax(1);
        });
        Tensor labels = (x.matmul(weight.t()) + bias).argmax(1);
        using EvaluatedRobustness result = new RobustnessEvaluation(new() { MaxQueries = budget }).Run(model, x, labels, Attack("square(queries=100)", 0.1, batch: 20));
        Assert.InRange(sent, 0, budget);
        Assert.Equal(40, result.Report.Count);
        int fooled = result.Report.Outcomes.Count(o => o.Stage >= 0);
        Assert.Equal(40 - fooled, result.Report.RobustCount);
        if (budget < 40)
            Assert.Equal(40, result.Report.Undecided);
        if (budget == 900)
            Assert.InRange(fooled, 1, 39);
        using Tensor after = model.Predict(result.Adversarials);
        for (int i = 0; i < 40; i++)
            Assert.Equal(result.Report.Outcomes[i].Stage >= 0, after[i].item<long>() != labels[i].item<long>());
    }

    [Theory]
    [InlineData("square(queries=20)")]
    [InlineData("hop-skip-jump(queries=50)")]
    public void A_model_that_fails_is_named_and_no_trace(string policy)
    {
        using var scope = torch.NewDisposeScope();
        (Tensor weight, Tensor _, Tensor x) = Problem(5);
        var model = new DelegateClassifier([Features], 5, v => torch.nn.functional.linear(v.to(torch.float64), weight).softmax(1));
        ModelOutputException error = Assert.Throws<ModelOutputException>(() => Attack(policy, 1).Run(model, x, torch.zeros(5, dtype: torch.int64)));
        Assert.DoesNotContain('\n', error.Message);
        Assert.Contains("inputs of type", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Sets its inputs to zero once it has looked at them.</summary>
    private sealed class Scribbler(IDifferentiableClassifier inner) : IDifferentiableClassifier
    {
        public int ClassCount => inner.ClassCount;

        public IReadOnlyList<long> InputShape => inner.InputShape;

        public InputBounds Bounds => inner.Bounds;

        public Tensor Logits(Tensor inputs) => Scribbled(inputs, inner.Logits(inputs * 1));

        public Tensor Probabilities(Tensor inputs) => Scribbled(inputs, inner.Probabilities(inputs));

        public Tensor Predict(Tensor inputs) => Scribbled(inputs, inner.Predict(inputs));

        private static Tensor Scribbled(Tensor inputs, Tensor answer)
        {
            using (torch.no_grad())
                inputs.detach().zero_();
            return answer;
        }
    }

    private sealed class Outside : IClassifier
    {
        public int ClassCount => 5;

        public IReadOnlyList<long> InputShape => [Features];

        public InputBounds Bounds => InputBounds.Unit;

        public Tensor Predict(Tensor inputs) => torch.full(inputs.shape[0], 7, dtype: torch.int64);
    }
}
