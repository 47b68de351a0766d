using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.BlackBox;
using Espalier.Robustness.Corruptions;

namespace Espalier.Tests.Robustness.BlackBox;

public sealed class BlackBoxVictimTests
{
    [Fact]
    public void Hop_skip_jump_comes_as_near_as_the_reference()
    {
        // An independent port comes to a median of 2.00 at 1,000 queries; the gradients of DDN to 0.983.
        using var victim = Victim.Open("tiny_std", 20);
        using var scope = torch.NewDisposeScope();
        using AttackResult result = new HopSkipJump(new() { Queries = 1000 }).Run(new LabelsOnly(victim.Classifier), victim.Inputs, victim.Labels);
        double[] distances = [.. result.PerturbationNorms.Order()];
        Assert.InRange((distances[9] + distances[10]) / 2, 0.983, 2.1);
        Assert.All(result.Success, Assert.True);
        Assert.All(result.QueriesPerSample, q => Assert.InRange(q, 900, 1000));
        Assert.Equal(0, result.GradientEvaluations);
    }

    [Fact]
    public void Square_sees_through_a_rounding_that_hides_gradients()
    {
        // Four levels of grey: the reference's Square leaves none of 100 with 1,000 queries.
        using var victim = Victim.Open("tiny_at", 100);
        using var scope = torch.NewDisposeScope();
        var rounded = new DelegateClassifier([1, 28, 28], 10, x => victim.Classifier.Probabilities((x * 3).round() / 3));
        using AttackResult result = new Square(new() { Epsilon = 0.2, Queries = 1000 }).Run(rounded, victim.Inputs, victim.Labels);
        Assert.Equal(0, result.RobustAccuracy);
        Assert.InRange(result.CleanAccuracy, 0.95, 1);
        Assert.Equal(0, result.GradientEvaluations);
        Assert.InRange(result.QueriesPerSample.Max(), 2, 1000);
    }

    [Fact]
    public void Corruptions_cost_more_the_more_severe_they_are()
    {
        using var victim = Victim.Open("tiny_std", 100);
        using var scope = torch.NewDisposeScope();
        double Mean(int severity) => CorruptionCatalog.All.Average(c =>
        {
            using AttackResult result = new CorruptionAttack(new() { Corruption = c.Name, Severity = severity, Draws = 1 }).Run(victim.Classifier, victim.Inputs, victim.Labels);
            return result.RobustAccuracy;
        });
        double[] means = [.. new[] { 1, 3, 5 }.Select(Mean)];
        Assert.InRange(means[0], 0.9, 1);
        Assert.InRange(means[1], 0.8, means[0]);
        Assert.InRange(means[2], 0.5, means[1]);
    }
}
