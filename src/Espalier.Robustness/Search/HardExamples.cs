using Espalier.Data;
using Espalier.Models;

namespace Espalier.Robustness;

/// <summary>
/// Examples that tell policies apart: what ten steps of PGD break, all break, and what nothing comes near, none does. Four
/// fifths are those that survive PGD-10 by the least margin, of the nearer half at most; one fifth is drawn from all that the
/// model gets right (caa.md 11). A robust accuracy on them says nothing about the data they are from.
/// </summary>
public static class HardExamples
{
    private const int Steps = 10;
    private const double HardShare = 0.8;
    private const double LeastShare = 0.05;
    private const double TellingShare = 0.25;
    private const double Growth = 1.2;
    private const int MostGrowths = 20;

    /// <summary>
    /// Chooses examples, and the radius to search with: ε, where PGD-10 breaks a twentieth of what the model gets right under it;
    /// otherwise the smallest of 1.2 ε, 1.44 ε, ... under which it breaks a quarter. A model that was trained to resist on these
    /// very inputs resists there within ε, and the cheapest policy would look as strong as the best; stages scale with the radius,
    /// so a policy bred under a larger one is used under ε. Under L0 the attack is PGD₀ and the radii are whole numbers of pixels.
    /// </summary>
    /// <param name="classifier">The model.</param>
    /// <param name="inputs">[n, ...], of training or validation data.</param>
    /// <param name="labels">[n], int64.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="norm">What measures a change.</param>
    /// <param name="epsilon">ε: the largest change that the policy is meant for.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>
    /// Rows of the inputs, in a random order, fewer than wanted where the model gets fewer right; and the radius, ε where even 38 ε
    /// breaks fewer than a quarter.
    /// </returns>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public static (IReadOnlyList<int> Rows, double Radius) Choose(IDifferentiableClassifier classifier, Tensor inputs, Tensor labels, int count, Norm norm, double epsilon, int seed, CancellationToken cancellationToken = default)
    {
        OptionsException.Require(count >= 1, nameof(count), count, "must be at least 1");
        OptionsException.Require(epsilon > 0 && double.IsFinite(epsilon), nameof(epsilon), epsilon, "must be finite and above 0");
        OptionsException.Require(norm != Norm.L0 || epsilon >= 1, nameof(epsilon), epsilon, "must be at least 1 under L0: it is a number of pixels");
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        using AttackResult atEpsilon = Attacked(epsilon);
        if (Broken(atEpsilon) >= LeastShare)
            return (Rows(atEpsilon), epsilon);
        double radius = epsilon;
        for (int i = 0; i < MostGrowths; i++)
        {
            radius = norm == Norm.L0 ? Math.Ceiling(radius * Growth) : radius * Growth;
            using AttackResult result = Attacked(radius);
            if (Broken(result) >= TellingShare)
                return (Rows(result), radius);
        }

        return (Rows(atEpsilon), epsilon);

        AttackResult Attacked(double within) =>
            PlainDescent.Of(norm, within, Steps, seed).Run(classifier, inputs, labels, cancellationToken: cancellationToken);

        IReadOnlyList<int> Rows(AttackResult result)
        {
            double[] margin = Margins(classifier, result.Adversarials, labels, new ProjectedGradientDescentOptions().BatchSize);
            var random = new SplitMix64(seed, result.Count);
            int[] right = Shuffled(Enumerable.Range(0, result.Count).Where(i => result.OriginallyCorrect[i]), ref random);
            int[] survivors = [.. right.Where(i => !result.Success[i]).OrderByDescending(i => margin[i])];
            int[] hard = [.. survivors.Take(Math.Min((survivors.Length + 1) / 2, (int)Math.Round(HardShare * count)))];
            return Shuffled(hard.Concat(right.Except(hard)).Take(count), ref random);
        }
    }

    // Of what the model gets right; 1 where that is nothing, since a larger radius would change nothing.
    private static double Broken(AttackResult result)
    {
        int[] right = [.. Enumerable.Range(0, result.Count).Where(i => result.OriginallyCorrect[i])];
        return right.Length == 0 ? 1 : right.Count(i => result.Success[i]) / (double)right.Length;
    }

    // Of logits: a sure model's probabilities are all zero or one.
    private static double[] Margins(IDifferentiableClassifier classifier, Tensor inputs, Tensor labels, int batchSize)
    {
        var margins = new List<double>();
        for (long start = 0; start < inputs.shape[0]; start += batchSize)
        {
            using var scope = torch.NewDisposeScope();
            long size = Math.Min(batchSize, inputs.shape[0] - start);
            Tensor logits = classifier.Logits(inputs.narrow(0, start, size));
            margins.AddRange(AttackedBatch.Margin(logits, labels.narrow(0, start, size), null).cpu().to(torch.float64).data<double>().ToArray());
        }

        return [.. margins];
    }

    private static int[] Shuffled(IEnumerable<int> items, ref SplitMix64 random)
    {
        int[] all = [.. items];
        random.Shuffle(all);
        return all;
    }
}
