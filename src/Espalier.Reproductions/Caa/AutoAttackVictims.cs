using System.Globalization;
using Espalier.Data;
using Espalier.Recipes;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Reproductions.Caa;

/// <summary>AutoAttack and the published composite attack on the victims, side by side.</summary>
internal static class AutoAttackVictims
{
    public static ReproductionPart Run(ReproductionContext context)
    {
        var claims = new List<Claim>();
        var numbers = new Dictionary<string, double>();
        Trained(context, claims, numbers);
        Plain(context, claims, numbers);
        Published(context, claims, numbers);
        return new("autoattack",
            "The first n test images; AutoAttack version standard and the published composite attack of L-inf, seed 0. The reference is the official AutoAttack, seed 0, and an independent port of the composite attack, one thread each.",
            claims, [])
        { Numbers = numbers };
    }

    /// <summary>Evaluates a policy and keeps its numbers.</summary>
    internal static RobustnessReport Evaluate(ReproductionContext context, AuditTarget victim, string name, AttackPolicy policy, double epsilon, int count, Dictionary<string, double> numbers)
    {
        context.Report($"{name}: {policy}");
        using var scope = torch.NewDisposeScope();
        LabelledBatch batch = victim.Splits.Test.First(count);
        using EvaluatedRobustness found = new RobustnessEvaluation().Run(victim.Classifier, batch.Inputs, batch.Labels, policy.Build(Norm.LInf, epsilon), cancellationToken: context.CancellationToken);
        RobustnessReport report = found.Report;
        numbers[$"{name}.robust"] = report.RobustCount;
        numbers[$"{name}.gradients"] = report.GradientsPerExample;
        numbers[$"{name}.queries"] = report.QueriesPerExample;
        numbers[$"{name}.cpuSeconds"] = report.CpuSeconds;
        context.Report(string.Create(CultureInfo.InvariantCulture, $"{name}: {report.RobustCount} of {count} stand, {report.GradientsPerExample:N0} gradients and {report.QueriesPerExample:N0} queries each, {report.CpuSeconds:N1} CPU s"));
        return report;
    }

    private static void Trained(ReproductionContext context, List<Claim> claims, Dictionary<string, double> numbers)
    {
        using AuditTarget victim = Victims.Open("tiny_at", context.Device);
        RobustnessReport auto = Evaluate(context, victim, "tiny_at.autoattack", AttackPolicy.AutoAttack, 0.2, 300, numbers);
        RobustnessReport caa = Evaluate(context, victim, "tiny_at.caa", AttackPolicy.CaaLinf, 0.2, 300, numbers);
        RobustnessReport official = Evaluate(context, victim, "tiny_at.caaOfficial", AttackPolicy.CaaLinf with { Mode = ChainMode.OfficialRandom }, 0.2, 300, numbers);
        int afterFirst = auto.RobustCount + auto.Stages.Skip(1).Sum(s => s.Fooled);
        claims.Add(new("tiny_at, 0.2, 300 images: stand after APGD-CE", "257 (at most 258)", Whole(afterFirst), afterFirst <= 258));
        claims.Add(new("tiny_at: stand after AutoAttack", "255 (at most 255)", Whole(auto.RobustCount), auto.RobustCount <= 255));
        claims.Add(new("tiny_at: AutoAttack, gradients and queries per image", "1,638 and 6,689", $"{Number(auto.GradientsPerExample)} and {Number(auto.QueriesPerExample)}"));
        claims.Add(new("tiny_at: AutoAttack, CPU seconds", "206 (at most 150)", Number(auto.CpuSeconds), auto.CpuSeconds <= 150));
        claims.Add(new("tiny_at: stand after the composite attack", "256 (at most 257)", Whole(caa.RobustCount), caa.RobustCount <= 257));
        claims.Add(new("tiny_at: composite attack, gradients per image", "700 (below 720)", Number(caa.GradientsPerExample), caa.GradientsPerExample < 720));
        claims.Add(new("tiny_at: AutoAttack's CPU time over the composite attack's", "6.7 (at least 5)", Number(auto.CpuSeconds / caa.CpuSeconds, 1), auto.CpuSeconds / caa.CpuSeconds >= 5));
        claims.Add(new("tiny_at: composite attack as the official code chains, stand and gradients", "", $"{Whole(official.RobustCount)} and {Number(official.GradientsPerExample)}"));
    }

    private static void Plain(ReproductionContext context, List<Claim> claims, Dictionary<string, double> numbers)
    {
        using AuditTarget victim = Victims.Open("tiny_std", context.Device);
        RobustnessReport caa = Evaluate(context, victim, "tiny_std.caa", AttackPolicy.CaaLinf, 0.1, 500, numbers);
        RobustnessReport auto = Evaluate(context, victim, "tiny_std.autoattack", AttackPolicy.AutoAttack, 0.1, 500, numbers);
        claims.Add(new("tiny_std, 0.1, 500 images: left under the composite attack, %", "11.0 (at most 11.2)", Number(100 * caa.RobustAccuracy, 1), caa.RobustAccuracy <= 0.112));
        claims.Add(new("tiny_std: composite attack, gradients per image", "96 (at most 100)", Number(caa.GradientsPerExample), caa.GradientsPerExample <= 100));
        claims.Add(new("tiny_std: left under AutoAttack, %", "", Number(100 * auto.RobustAccuracy, 1)));
    }

    private static void Published(ReproductionContext context, List<Claim> claims, Dictionary<string, double> numbers)
    {
        using AuditTarget victim = Victims.Open("trades_smallcnn", context.Device);
        RobustnessReport first = Evaluate(context, victim, "trades.apgd-ce", AttackPolicy.Parse("apgd-ce(t=100)"), 0.3, 100, numbers);
        RobustnessReport caa = Evaluate(context, victim, "trades.caa", AttackPolicy.CaaLinf, 0.3, 100, numbers);
        RobustnessReport auto = Evaluate(context, victim, "trades.autoattack", AttackPolicy.AutoAttack, 0.3, 100, numbers);
        claims.Add(new("TRADES SmallCNN, 0.3, 100 images: stand after APGD-CE", "93 (at most 93)", Whole(first.RobustCount), first.RobustCount <= 93));
        claims.Add(new("TRADES SmallCNN: stand after the composite attack", "at most 93", Whole(caa.RobustCount), caa.RobustCount <= 93));
        claims.Add(new("TRADES SmallCNN: stand after AutoAttack", "92.81 % of all 10,000", Whole(auto.RobustCount)));
    }

    internal static string Whole(int value) => value.ToString(CultureInfo.InvariantCulture);

    internal static string Number(double value, int digits = 0) => value.ToString($"N{digits}", CultureInfo.InvariantCulture);
}
