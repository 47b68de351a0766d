using System.Globalization;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Evaluation;

/// <summary>What can be seen of a model before it is attacked that makes its robustness less believable.</summary>
internal static class TargetSigns
{
    public const string Randomised = "randomised";
    private const int Looks = 5;
    private const int Samples = 64;

    // The share of a budget of queries that goes into looks before the attack.
    private const int BudgetShare = 10;
    private const double Tolerance = 1e-4;
    private const double SumTolerance = 1e-5;

    public static IReadOnlyList<RobustnessFinding> Of(AttackTarget target, Tensor inputs, Tensor labels)
    {
        using var scope = torch.NewDisposeScope();
        var found = new List<RobustnessFinding>();
        long size = Math.Min(Math.Min(Samples, inputs.shape[0]), target.Meter.Left / (BudgetShare * Looks));
        if (size == 0)
        {
            return [new("not-looked-at", string.Create(CultureInfo.InvariantCulture, $"a budget of {target.Meter.Left} queries leaves none to look for randomness beforehand"),
                "raise the budget of queries for a judgement that can be believed", IsWarning: false)];
        }

        Tensor few = inputs.narrow(0, 0, size);
        if (AttackTarget.Offers(target.Classifier) == Access.Labels)
        {
            Tensor first = target.Predict(few);
            long changed = 0;
            for (int i = 1; i < Looks; i++)
                changed = Math.Max(changed, target.Predict(few).ne(first).sum().item<long>());
            if (changed > 0)
                found.Add(Random(string.Create(CultureInfo.InvariantCulture, $"{changed} of {few.shape[0]} predictions changed between {Looks} looks")));
            return found;
        }

        Tensor scores = target.Scores(few);
        Tensor unit = Unit(scores);
        double difference = 0;
        for (int i = 1; i < Looks; i++)
            difference = Math.Max(difference, (Unit(target.Scores(few)) - unit).abs().max().ToDouble());
        if (difference > Tolerance)
            found.Add(Random(string.Create(CultureInfo.InvariantCulture, $"the direction of the logits changed by up to {difference:G2} between {Looks} looks")));
        if (AttackTarget.Offers(target.Classifier) == Access.Gradients && scores.min().ToDouble() >= 0 && scores.max().ToDouble() <= 1 && (scores.sum([1]) - 1).abs().max().ToDouble() <= SumTolerance)
        {
            found.Add(new("probabilities", "every output lies in [0, 1] and sums to one: these look like probabilities, not logits",
                "attack the logits before the softmax: the loss of probabilities is flat where the model is sure"));
        }

        if (target.Classifier is Models.IPartialScores { KnownClasses: { } known })
        {
            found.Add(new("partial-scores", string.Create(CultureInfo.InvariantCulture, $"the model tells the probabilities of its {known} likeliest classes of {scores.shape[1]}; what is left is taken to be shared evenly among the others"),
                "nothing for what was fooled, since labels are exact; but where the true class is none of those the margin is an estimate, so that attacks by scores may find less than they would: compare with --labels-only", IsWarning: false));
        }

        if (scores.shape[1] < 4)
            found.Add(new("few-classes", string.Create(CultureInfo.InvariantCulture, $"the model has {scores.shape[1]} classes"), "nothing: losses that compare more classes are replaced by the margin", IsWarning: false));
        return found;
    }

    private static Tensor Unit(Tensor scores) => scores / scores.norm(1, keepdim: true, p: 2).clamp_min(1e-12);

    private static RobustnessFinding Random(string evidence) => new(Randomised, evidence,
        "attack the expectation: autoattack-rand, or passes=20 in a policy; a success here needs a majority of passes");
}
