using Espalier.Robustness.Losses;

namespace Espalier.Tests.Robustness;

public sealed class AttackObjectiveTests
{
    private static double Away(AttackLoss loss, double[] logits, long label) =>
        AttackObjective.Of(loss).Away(torch.tensor(logits).unsqueeze(0), torch.tensor(new[] { label })).ToDouble();

    private static double Toward(AttackLoss loss, double[] logits, long label, long target) =>
        AttackObjective.Of(loss).Toward(torch.tensor(logits).unsqueeze(0), torch.tensor(new[] { label }), torch.tensor(new[] { target })).ToDouble();

    [Fact]
    public void The_formulas_give_what_a_hand_computes()
    {
        double[] z = [3, 1, 6, 2];
        double logSumExp = Math.Log(z.Sum(Math.Exp));
        Assert.Equal(logSumExp - 3, Away(AttackLoss.CrossEntropy, z, 0), 1e-12);
        Assert.Equal(1 - logSumExp, Toward(AttackLoss.CrossEntropy, z, 0, 1), 1e-12);
        Assert.Equal(6 - 3, Away(AttackLoss.Margin, z, 0), 1e-12);
        Assert.Equal(3 - 6, Away(AttackLoss.Margin, z, 2), 1e-12);
        Assert.Equal(1 - 3, Toward(AttackLoss.Margin, z, 0, 1), 1e-12);
        Assert.Equal((6 - 3) / (6.0 - 2), Away(AttackLoss.DifferenceOfLogitsRatio, z, 0), 1e-9);
        Assert.Equal((3 - 6) / (6.0 - 2), Away(AttackLoss.DifferenceOfLogitsRatio, z, 2), 1e-9);
        Assert.Equal((1 - 3) / (6 - (2 + 1) / 2.0), Toward(AttackLoss.DifferenceOfLogitsRatio, z, 0, 1), 1e-9);
    }

    [Fact]
    public void The_ratio_does_not_see_scale_and_is_the_margin_where_classes_are_few()
    {
        double[] z = [3, 1, 6, 2];
        double[] scaled = [.. z.Select(v => 100 * v)];
        Assert.Equal(Away(AttackLoss.DifferenceOfLogitsRatio, z, 0), Away(AttackLoss.DifferenceOfLogitsRatio, scaled, 0), 1e-9);
        Assert.Equal(-2, Away(AttackLoss.DifferenceOfLogitsRatio, [3, 1], 0), 1e-12);
        Assert.Equal(-2, Toward(AttackLoss.DifferenceOfLogitsRatio, [3, 1, 0], 0, 1), 1e-12);
    }
}
