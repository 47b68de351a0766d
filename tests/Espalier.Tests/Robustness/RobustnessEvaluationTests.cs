using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;
using Espalier.Tests.Data;

namespace Espalier.Tests.Robustness;

public sealed class RobustnessEvaluationTests : IDisposable
{
    private const int Features = 10;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static (LinearClassifier Model, Tensor Inputs, Tensor Labels) Problem(int count = 64)
    {
        var model = new LinearClassifier(Random(1, 5, Features), Random(2, 5), InputBounds.Unit);
        Tensor x = Random(3, count, Features).sigmoid();
        Tensor labels = model.Predict(x).clone();
        labels[0] = (labels[0] + 1) % 5;
        return (model, x, labels);
    }

    private static CompositeAttack Attack(int batch = 64, string policy = "fgsm | cw(t=20)", double epsilon = 0.05) =>
        AttackPolicy.Parse(policy).Build(Norm.LInf, epsilon, seed: 1, batchSize: batch);

    /// <summary>A model that tells its two likeliest classes of five, and shares the rest.</summary>
    private sealed class TopTwo(IScoringClassifier inner) : IPartialScores
    {
        public int? KnownClasses => 2;

        public int ClassCount => inner.ClassCount;

        public IReadOnlyList<long> InputShape => inner.InputShape;

        public InputBounds Bounds => inner.Bounds;

        public Tensor Predict(Tensor inputs) => inner.Predict(inputs);

        public Tensor Probabilities(Tensor inputs)
        {
            Tensor all = inner.Probabilities(inputs);
            (Tensor known, Tensor classes) = all.topk(2, 1);
            return ((1 - known.sum([1], keepdim: true)) / 3).expand(-1, 5).clone().scatter(1, classes, known);
        }
    }

    [Fact]
    public void What_is_assumed_of_classes_that_are_not_told_is_said()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem(20);
        CompositeAttack attack = Attack(policy: "square(queries=60)", epsilon: 0.2);
        using EvaluatedRobustness partial = new RobustnessEvaluation().Run(new TopTwo(model), x, labels, attack);
        RobustnessFinding finding = Assert.Single(partial.Report.Findings, f => f.Code == "partial-scores");
        Assert.Contains("2 likeliest classes of 5", finding.Evidence, StringComparison.Ordinal);
        Assert.False(finding.IsWarning);
        using EvaluatedRobustness whole = new RobustnessEvaluation().Run(new ScoresOnly(model), x, labels, attack);
        Assert.DoesNotContain(whole.Report.Findings, f => f.Code == "partial-scores");
        Assert.Equal(whole.Report.CleanAccuracy, partial.Report.CleanAccuracy);
        Assert.All(partial.Report.Outcomes.Where(o => o.Stage >= 0), o => Assert.NotEqual(o.Label, o.Predicted));
    }

    [Fact]
    public void Workers_and_batches_make_no_difference_and_the_numbers_add_up()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        using EvaluatedRobustness all = new RobustnessEvaluation().Run(model, x, labels, Attack());
        RobustnessReport report = all.Report;
        foreach ((int batch, int workers) in ((int, int)[])[(1, 1), (7, 1), (7, 2), (64, 2)])
        {
            using EvaluatedRobustness other = new RobustnessEvaluation(new() { Workers = workers }).Run(model, x, labels, Attack(batch));
            Assert.Equal(report.Outcomes.Select(o => (o.Stage, o.Gradients, o.Queries, o.Predicted)), other.Report.Outcomes.Select(o => (o.Stage, o.Gradients, o.Queries, o.Predicted)));
        }

        Assert.Equal(63 / 64.0, report.CleanAccuracy, 1e-12);
        Assert.Equal(report.Outcomes.Count(o => o.Correct && o.Stage < 0), report.RobustCount);
        Assert.Equal(report.Verification.Claimed, report.Verification.Confirmed);
        Assert.Equal(report.Outcomes.Count(o => o.Stage >= 0), report.Verification.Confirmed);
        Assert.Equal(report.Stages.Sum(s => s.Fooled), report.Verification.Claimed);
        Assert.Equal(report.Stages.Sum(s => s.Gradients) / 64.0, report.GradientsPerExample, 1e-12);
        Assert.InRange(report.RobustAccuracy, report.RobustInterval.Low, report.RobustInterval.High);
        Assert.Equal(0, report.Undecided);
        Assert.All(report.Outcomes.Where(o => o.Stage >= 0), o => Assert.NotEqual(o.Label, o.Predicted));

        string path = _folder.File("report.json");
        report.Save(path);
        RobustnessReport read = RobustnessReport.Load(path);
        Assert.Equal(report.Outcomes, read.Outcomes);
        Assert.Equal(report.RobustAccuracy, read.RobustAccuracy);
        File.WriteAllText(path, "{");
        Assert.Throws<DataException>(() => RobustnessReport.Load(path));
    }

    [Fact]
    public void An_interrupted_evaluation_goes_on_and_gives_the_same()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        using EvaluatedRobustness whole = new RobustnessEvaluation().Run(model, x, labels, Attack(10));
        string folder = Path.Combine(_folder.Path, "checkpoint");
        using var stop = new CancellationTokenSource();
        var evaluation = new RobustnessEvaluation(new() { Checkpoint = folder });
        Assert.ThrowsAny<OperationCanceledException>(() => evaluation.Run(model, x, labels, Attack(10), new StopAt(stop, 0.4), stop.Token));
        Assert.Equal(3, Directory.GetFiles(folder, "batch-*").Length);
        int before = model.Calls;
        using EvaluatedRobustness resumed = evaluation.Run(model, x, labels, Attack(10));
        Assert.Equal(whole.Report.Outcomes, resumed.Report.Outcomes);
        Assert.True(whole.Adversarials.eq(resumed.Adversarials).all().item<bool>());

        // Nothing is left to be attacked: only the second look asks the model.
        before = model.Calls;
        using EvaluatedRobustness again = evaluation.Run(model, x, labels, Attack(10));
        Assert.InRange(model.Calls - before, 1, 64 + 20);
        Assert.Equal(whole.Report.Outcomes, again.Report.Outcomes);

        Assert.Contains("epsilon", Assert.Throws<CheckpointException>(() => evaluation.Run(model, x, labels, Attack(10, epsilon: 0.06))).Message, StringComparison.Ordinal);
        Assert.Contains("attack", Assert.Throws<CheckpointException>(() => evaluation.Run(model, x, labels, Attack(10, "fgsm"))).Message, StringComparison.Ordinal);
        Assert.Contains("data", Assert.Throws<CheckpointException>(() => evaluation.Run(model, x * 0.9, labels, Attack(10))).Message, StringComparison.Ordinal);
        var other = new LinearClassifier(Random(9, 5, Features), Random(2, 5), InputBounds.Unit);
        Assert.Contains("model", Assert.Throws<CheckpointException>(() => evaluation.Run(other, x, labels, Attack(10))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_lies_beyond_a_budget_is_undecided_and_stands()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        using EvaluatedRobustness whole = new RobustnessEvaluation().Run(model, x, labels, Attack(8));
        using EvaluatedRobustness part = new RobustnessEvaluation(new() { MaxQueries = 700 }).Run(model, x, labels, Attack(8));
        Assert.InRange(part.Report.Undecided, 8, 63);
        Assert.True(part.Report.RobustCount > whole.Report.RobustCount);
        Assert.Equal(64, part.Report.Count);
    }

    [Fact]
    public void A_claim_that_does_not_hold_alone_is_not_counted()
    {
        // Wrong in company, right alone: an attack in batches believes it has fooled the model.
        using var scope = torch.NewDisposeScope();
        (LinearClassifier honest, Tensor x, Tensor labels) = Problem();
        labels = honest.Predict(x);
        var fickle = new DelegateClassifier([Features], 5, t =>
        {
            Tensor p = honest.Probabilities(t);
            return t.shape[0] > 1 && !t.eq(x.narrow(0, 0, Math.Min(t.shape[0], 64))).all().item<bool>() ? p.roll(1, 1) : p;
        });
        var attack = AttackPolicy.Parse("square(queries=5)").Build(Norm.LInf, 1e-4);
        using EvaluatedRobustness result = new RobustnessEvaluation().Run(fickle, x, labels, attack);
        Assert.InRange(result.Report.Verification.Claimed, 60, 64);
        Assert.InRange(result.Report.Verification.Confirmed, 0, 4);
        Assert.InRange(result.Report.RobustAccuracy, 0.9, 1);
    }

    [Fact]
    public void Rounding_to_eight_bits_goes_toward_the_clean_input()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        x = (x * 255).round() / 255;
        labels = model.Predict(x);
        using EvaluatedRobustness coarse = new RobustnessEvaluation(new() { EightBit = true }).Run(model, x, labels, Attack(epsilon: 0.5 / 255));
        using EvaluatedRobustness fine = new RobustnessEvaluation(new() { EightBit = true }).Run(model, x, labels, Attack(epsilon: 16.0 / 255));

        // Half a level rounds away whole; sixteen levels do not.
        Assert.Equal(coarse.Report.Verification.Confirmed, coarse.Report.Verification.EightBitLost);
        Assert.InRange(fine.Report.Verification.EightBitLost!.Value, 0, fine.Report.Verification.Confirmed / 4);
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Problem();
        var evaluation = new RobustnessEvaluation();
        Assert.Throws<DataException>(() => evaluation.Run(model, x.narrow(0, 0, 0), labels.narrow(0, 0, 0), Attack()));
        Assert.Throws<DataException>(() => evaluation.Run(model, x + 1, labels, Attack()));
        Assert.Throws<DataException>(() => evaluation.Run(model, x, labels + 5, Attack()));
        Assert.Throws<ShapeException>(() => evaluation.Run(model, x.narrow(1, 0, 5), labels, Attack()));
        Assert.Throws<OptionsException>(() => new RobustnessEvaluation(new() { Workers = 0 }));
        var scores = new DelegateClassifier([Features], 5, model.Probabilities);
        Assert.Throws<OptionsException>(() => evaluation.Run(scores, x, labels, Attack()));
    }

    private sealed class StopAt(CancellationTokenSource stop, double share) : IProgress<double>
    {
        public void Report(double value)
        {
            if (value >= share)
                stop.Cancel();
        }
    }
}
