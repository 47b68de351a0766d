using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;

namespace Espalier.Robustness.Evaluation;

/// <summary>
/// Robust accuracy against the radius of an attack. An input that is broken at a radius counts as broken at each larger
/// one, whose ball holds the same adversarial input: the curve never rises, and only survivors are attacked again.
/// </summary>
/// <param name="CleanAccuracy">Share of inputs that the model gets right without an attack, in [0, 1].</param>
/// <param name="Points">One point per radius, ascending.</param>
/// <param name="BrokenAt">
/// Per input, the smallest of the radii that broke it: 0 where the model was wrong from the start, infinite where it stood.
/// </param>
public sealed record RobustnessCurve(double CleanAccuracy, IReadOnlyList<RobustnessPoint> Points, IReadOnlyList<double> BrokenAt)
{
    /// <summary>Runs an attack at each radius.</summary>
    /// <param name="attack">The attack; its own radius is not used.</param>
    /// <param name="classifier">The model.</param>
    /// <param name="inputs">[n, ...], float, inside the model's bounds.</param>
    /// <param name="labels">[n], int64, the true classes.</param>
    /// <param name="epsilons">The radii, in any order, not negative.</param>
    /// <param name="progress">Told the share done, in (0, 1].</param>
    /// <param name="cancellationToken">Checked at each step.</param>
    /// <exception cref="OptionsException">There is no radius, or one is negative.</exception>
    /// <exception cref="ShapeException">Inputs or labels have another shape.</exception>
    /// <exception cref="DataException">There is no input, a label is out of range or an input outside the bounds.</exception>
    public static RobustnessCurve Measure(Attack attack, IClassifier classifier, Tensor inputs, Tensor labels,
        IReadOnlyList<double> epsilons, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        OptionsException.Require(epsilons.Count > 0, nameof(epsilons), "empty", "must hold at least one radius");
        Attack[] attacks = [.. epsilons.Distinct().Order().Select(attack.WithEpsilon)];
        int count = checked((int)inputs.shape[0]);
        if (count == 0)
            throw new DataException("inputs", "are empty", "give at least one");
        double[] brokenAt = [.. Enumerable.Repeat(double.PositiveInfinity, count)];
        int[] standing = [.. Enumerable.Range(0, count)];
        double clean = double.NaN;
        var points = new List<RobustnessPoint>();
        foreach (Attack at in attacks)
        {
            long gradients = 0;
            if (standing.Length > 0)
            {
                using var scope = torch.NewDisposeScope();
                Tensor rows = torch.tensor(standing.Select(i => (long)i).ToArray(), device: inputs.device);
                using AttackResult result = at.Run(classifier, inputs.index_select(0, rows), labels.index_select(0, rows), cancellationToken: cancellationToken);
                gradients = result.GradientEvaluations;
                if (points.Count == 0)
                    clean = result.CleanAccuracy;
                for (int i = 0; i < standing.Length; i++)
                {
                    if (!result.OriginallyCorrect[i])
                        brokenAt[standing[i]] = 0;
                    else if (result.Success[i])
                        brokenAt[standing[i]] = at.Options.Epsilon;
                }

                standing = [.. standing.Where(i => double.IsPositiveInfinity(brokenAt[i]))];
            }

            points.Add(new RobustnessPoint(at.Options.Epsilon, standing.Length / (double)count, gradients));
            progress?.Report(points.Count / (double)attacks.Length);
        }

        return new RobustnessCurve(clean, points, brokenAt);
    }

    /// <summary>The whole curve of one attack that seeks the smallest change, run without a limit: no radius has to be attacked anew.</summary>
    /// <param name="result">Its result, of an infinite radius.</param>
    /// <param name="epsilons">The radii to read it at, in any order, not negative.</param>
    /// <exception cref="OptionsException">The attack was limited, there is no radius, or one is negative.</exception>
    public static RobustnessCurve OfSmallest(AttackResult result, IReadOnlyList<double> epsilons)
    {
        OptionsException.Require(double.IsPositiveInfinity(result.Epsilon), "epsilon", result.Epsilon, "must have been infinite: what lies beyond it is unknown");
        OptionsException.Require(epsilons.Count > 0 && epsilons.All(e => e >= 0), nameof(epsilons), epsilons.Count == 0 ? "empty" : epsilons.Min(), "must hold radii that are not negative");
        double[] brokenAt = [.. Enumerable.Range(0, result.Count).Select(i => !result.OriginallyCorrect[i] ? 0 : result.Success[i] ? result.PerturbationNorms[i] : double.PositiveInfinity)];
        long gradients = result.GradientEvaluations;
        return new RobustnessCurve(result.CleanAccuracy,
            [.. epsilons.Distinct().Order().Select((e, i) => new RobustnessPoint(e, Enumerable.Range(0, result.Count).Count(r => result.OriginallyCorrect[r] && brokenAt[r] > e) / (double)result.Count, i == 0 ? gradients : 0))], brokenAt);
    }
}
