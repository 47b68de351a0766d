using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Recipes;
using Espalier.Robustness.Defences;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Reproductions.Caa;

/// <summary>Three ways to hide gradients, each seen through.</summary>
internal static class MaskedVictims
{
    private const int Count = 100;

    public static ReproductionPart Run(ReproductionContext context)
    {
        var claims = new List<Claim>();
        Scaled(context, claims);
        Rounded(context, claims);
        Binarized(context, claims);
        return new("masking", "The first 100 test images. Logits times 1,000 flatten the cross-entropy; rounding has gradients of zero; a comparison has none.", claims, []);
    }

    private static void Scaled(ReproductionContext context, List<Claim> claims)
    {
        using AuditTarget victim = Victims.Open("tiny_std", context.Device);
        using var scope = torch.NewDisposeScope();
        LabelledBatch batch = victim.Splits.Test.First(Count);
        var scaled = new ScaledLogits((IDifferentiableClassifier)victim.Classifier, 1000);
        double crossEntropy = Left(scaled, batch, "apgd-ce(t=50)", 0.1);
        double ratio = Left(scaled, batch, "apgd-dlr(t=50)", 0.1);
        double margin = Left(scaled, batch, "cw(t=50)", 0.1);
        IReadOnlyList<RobustnessFinding> found = new GradientMaskingDiagnosis(new() { Epsilon = 0.1 }).Run(scaled, batch.Inputs, batch.Labels, cancellationToken: context.CancellationToken);
        claims.Add(new("tiny_std with logits x 1,000, 0.1: left under APGD-CE(50), %", "99", Percent(crossEntropy)));
        claims.Add(new("... under APGD-DLR(50), %", "at most 16", Percent(ratio), ratio <= 0.16));
        claims.Add(new("... under CW(50), %", "at most 16", Percent(margin), margin <= 0.16));
        claims.Add(new("... the diagnosis names saturation", "yes", string.Join(", ", found.Select(f => f.Code)), found.Any(f => f.Code == "saturation")));
    }

    private static void Rounded(ReproductionContext context, List<Claim> claims)
    {
        using AuditTarget victim = Victims.Open("tiny_at", context.Device);
        using var scope = torch.NewDisposeScope();
        LabelledBatch batch = victim.Splits.Test.First(Count);
        var defended = new DefendedClassifier((IDifferentiableClassifier)victim.Classifier, new BitDepthReduction(4));
        using EvaluatedRobustness plain = Evaluate(defended, batch, "apgd-ce(t=50)", 0.2);
        double straight = Left(defended.WithPath(GradientPath.StraightThrough), batch, "apgd-ce(t=50)", 0.2);
        double square = Left(new ScoresOnly(defended), batch, "square(queries=1000)", 0.2);
        claims.Add(new("tiny_at behind rounding to 4 levels, 0.2: plain gradients, %, and the flag", "100, zero-gradients", $"{Percent(plain.Report.RobustAccuracy)}, {string.Join(", ", plain.Report.Findings.Select(f => f.Code))}", plain.Report.Findings.Any(f => f.Code == "zero-gradients")));
        claims.Add(new("... straight through (BPDA), %", "0", Percent(straight), straight == 0));
        claims.Add(new("... Square(1,000), scores only, %", "0", Percent(square), square == 0));
    }

    private static void Binarized(ReproductionContext context, List<Claim> claims)
    {
        using AuditTarget victim = Victims.Open("tiny_std", context.Device);
        using var scope = torch.NewDisposeScope();
        LabelledBatch batch = victim.Splits.Test.First(Count);
        var defended = new DefendedClassifier((IDifferentiableClassifier)victim.Classifier, new Binarization());
        string refused = "no error";
        try
        {
            Left(defended, batch, "apgd-ce(t=50)", 0.3);
        }
        catch (ModelOutputException error)
        {
            refused = error.GetType().Name;
        }

        DefendedClassifier mended = defended.WithPath(GradientPath.StraightThrough);
        double straight = Left(mended, batch, "apgd-ce(t=50)", 0.3);
        double square = Left(new ScoresOnly(defended), batch, "square(queries=2000)", 0.3);
        const string Ensemble = "apgd-ce(t=50) | apgd-dlr(t=50) | mt(t=50) | square(queries=2000)";
        using EvaluatedRobustness first = Evaluate(mended, batch, Ensemble, 0.3);
        using EvaluatedRobustness second = Evaluate(defended.WithPath(GradientPath.Surrogate), batch, Ensemble, 0.3);
        double union = first.Report.Outcomes.Zip(second.Report.Outcomes).Count(o => o.First.IsRobust && o.Second.IsRobust) / (double)Count;
        claims.Add(new("tiny_std behind x > 0.5, 0.3: plain gradients", "typed error", refused, refused == nameof(ModelOutputException)));
        claims.Add(new("... straight through (BPDA) APGD-CE(50), %", "73 (at most 75)", Percent(straight), straight <= 0.75));
        claims.Add(new("... Square(2,000), scores only, %", "70 (at most 73)", Percent(square), square <= 0.73));
        claims.Add(new("... the union over both ways back and Square, %", "at most 70", Percent(union), union <= 0.70));
    }

    private static double Left(IClassifier classifier, LabelledBatch batch, string policy, double epsilon)
    {
        using EvaluatedRobustness found = Evaluate(classifier, batch, policy, epsilon);
        return found.Report.RobustAccuracy;
    }

    private static EvaluatedRobustness Evaluate(IClassifier classifier, LabelledBatch batch, string policy, double epsilon) =>
        new RobustnessEvaluation().Run(classifier, batch.Inputs, batch.Labels, AttackPolicy.Parse(policy).Build(Norm.LInf, epsilon));

    private static string Percent(double share) => AutoAttackVictims.Number(100 * share);

    private sealed class ScaledLogits(IDifferentiableClassifier inner, double scale) : IDifferentiableClassifier
    {
        public int ClassCount => inner.ClassCount;

        public IReadOnlyList<long> InputShape => inner.InputShape;

        public InputBounds Bounds => inner.Bounds;

        public Tensor Logits(Tensor inputs) => inner.Logits(inputs) * scale;

        public Tensor Probabilities(Tensor inputs)
        {
            using var noGradients = torch.no_grad();
            return Logits(inputs).softmax(1);
        }

        public Tensor Predict(Tensor inputs) => inner.Predict(inputs);
    }
}
