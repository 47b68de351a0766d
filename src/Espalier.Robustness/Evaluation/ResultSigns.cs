using System.Globalization;
using Espalier.Robustness.Attacks;

namespace Espalier.Robustness.Evaluation;

/// <summary>What an attack's own result shows of a model that hides its gradients rather than resists.</summary>
internal static class ResultSigns
{
    private const double Share = 0.1;
    private const double BlackBoxGain = 0.002;
    private const int LeastGain = 2;

    public static IEnumerable<RobustnessFinding> OfUndefined(int undefinedGradients)
    {
        if (undefinedGradients > 0)
        {
            yield return new("undefined-gradients", string.Create(CultureInfo.InvariantCulture, $"{undefinedGradients} gradients held values that are no numbers; they counted as zero"),
                "look for square roots of zero or logarithms in the model's preprocessing");
        }
    }

    public static IEnumerable<RobustnessFinding> OfBudget(AdversarialVerification verification, long? maxQueries)
    {
        if (verification.NotLookedAt > 0)
        {
            yield return new("second-look-incomplete", string.Create(CultureInfo.InvariantCulture, $"the budget of {maxQueries:N0} queries was used up before {verification.NotLookedAt} of {verification.Claimed} successes were looked at again"),
                "raise the budget: what was not looked at again counts as the attack saw it", IsWarning: false);
        }
    }

    public static IEnumerable<RobustnessFinding> OfStarts(int withoutStart)
    {
        if (withoutStart > 0)
        {
            yield return new("no-starting-point", string.Create(CultureInfo.InvariantCulture, $"for {withoutStart} inputs nothing that was tried fools the model, however far away: they were not attacked by labels and count as standing"),
                "give starting points of all classes, or more tries");
        }
    }

    public static IEnumerable<RobustnessFinding> Of(IReadOnlyList<AttackStageTally> stages, ExampleOutcome[] outcomes, int zeroGradients, int undefinedGradients, Access access)
    {
        int attacked = outcomes.Count(o => o.Correct);
        if (access == Access.Gradients && attacked > 0 && zeroGradients > Share * attacked)
        {
            yield return new("zero-gradients", string.Create(CultureInfo.InvariantCulture, $"the first gradient of {zeroGradients} of {attacked} inputs is zero in every feature"),
                "the gradients are hidden, not absent: attack with apgd-dlr or cw, give a smooth backward pass (BPDA), or take square");
        }

        foreach (RobustnessFinding finding in OfUndefined(undefinedGradients))
            yield return finding;

        double afterGradients = 0;
        foreach (AttackStageTally stage in stages)
        {
            if (stage.Gradients > 0)
                afterGradients += stage.Fooled;
            else if (afterGradients > 0 && stage.Queries > 0 && stage.Fooled >= Math.Max(LeastGain, BlackBoxGain * outcomes.Length))
            {
                yield return new("black-box-better", string.Create(CultureInfo.InvariantCulture, $"{stage.Name} fooled {stage.Fooled} inputs more than the attacks with gradients before it"),
                    "the gradients mislead: raise the queries, and look for what flattens or breaks them");
            }
        }
    }
}
