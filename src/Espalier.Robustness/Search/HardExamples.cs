using Espalier.Errors;
using Espalier.Models;
using Espalier.Randomness;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Search;

/// <summary>
/// Examples that tell policies apart. What ten steps of PGD break, every policy breaks, and what nothing comes near, none does: of
/// those that survive PGD-10, by turns the one by the least margin (caa.md 11) and any are therefore attacked once more, by PGD-50 and
/// twelve steps toward each class. Those that fall only then tell a policy that is too cheap from a strong one, those that nearly fall
/// tell strong ones apart. A robust accuracy on them says nothing about the data they are from.
/// </summary>
public static class HardExamples
{
    private const double LeastShare = 0.1;
    private const double Growth = 1.2;
    private const int MostGrowths = 20;
    private const double MostBroken = 0.5;

    /// <summary>
    /// Chooses examples, and the radius to search with. Two fifths are examples that fall to the stronger attack alone, first those that
    /// it took most gradients for; two fifths survive it, by the least margin; where there are fewer of the one, there are more of the
    /// other; the rest is drawn from whatever else the model gets right. The radius is ε where a tenth as many as are wanted falls to
    /// the stronger attack alone. Where fewer do, as with a model that was trained to resist on these very inputs, the cheapest policy
    /// would look as strong as the best: then it is the first of 1.2 ε, 1.44 ε, ... under which as many do, up to that under which PGD-10
    /// breaks half; where none is, the one under which most do. Stages scale with the radius, so a policy bred under a larger one is used
    /// under ε. Under L0 the radii are whole numbers of pixels, and the attacks PGD₀ and then σ-zero.
    /// </summary>
    /// <param name="classifier">The model.</param>
    /// <param name="inputs">[n, ...], of training or validation data.</param>
    /// <param name="labels">[n], int64.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="norm">What measures a change.</param>
    /// <param name="epsilon">ε: the largest change that the policy is meant for.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>Rows of the inputs, in a random order, fewer than wanted where the model gets fewer right; and the radius.</returns>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public static (IReadOnlyList<int> Rows, double Radius) Choose(IDifferentiableClassifier classifier, Tensor inputs, Tensor labels, int count, Norm norm, double epsilon, int seed, CancellationToken cancellationToken = default)
    {
        OptionsException.Require(count >= 1, nameof(count), count, "must be at least 1");
        OptionsException.Require(epsilon > 0 && double.IsFinite(epsilon), nameof(epsilon), epsilon, "must be finite and above 0");
        OptionsException.Require(norm != Norm.L0 || epsilon >= 1, nameof(epsilon), epsilon, "must be at least 1 under L0: it is a number of pixels");
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        Contest best = At(epsilon);
        Contest contest = best;
        for (int i = 0; i < MostGrowths && best.Fallen < LeastShare * count && contest.Broken < MostBroken; i++)
        {
            contest = At(norm == Norm.L0 ? Math.Ceiling(Growth * contest.Radius) : Growth * contest.Radius);
            if (contest.Fallen > best.Fallen)
                best = contest;
        }

        return (best.Rows(), best.Radius);

        Contest At(double radius) => new(classifier, inputs, labels, count, norm, radius, seed, cancellationToken);
    }

    /// <summary>What a weak and a strong attack make of examples under one radius: the strong one of near and of any survivors.</summary>
    private sealed class Contest
    {
        private const int MostRounds = 4;
        private const double HardShare = 0.8;
        private const double FallenShare = 0.4;

        private static readonly AttackPolicy s_weak = AttackPolicy.Parse("pgd(t=10)");
        private static readonly AttackPolicy s_strong = AttackPolicy.Parse("pgd(t=50) -> mt(t=12)");
        private static readonly AttackPolicy s_weakOnPixels = AttackPolicy.Parse("pgd0(t=10, restarts=1)");
        private static readonly AttackPolicy s_strongOnPixels = AttackPolicy.Parse("pgd0(t=50, restarts=1) -> sigma-zero(t=50)");

        private readonly IDifferentiableClassifier _classifier;
        private readonly Tensor _inputs;
        private readonly Tensor _labels;
        private readonly int _count;
        private readonly Norm _norm;
        private readonly int _seed;
        private readonly CancellationToken _cancellationToken;
        private readonly int[] _right;
        private readonly int[] _survivors;
        private readonly List<(int Row, long Gradients)> _fallen = [];
        private readonly List<(int Row, double Margin)> _standing = [];
        private SplitMix64 _random;

        public Contest(IDifferentiableClassifier classifier, Tensor inputs, Tensor labels, int count, Norm norm, double radius, int seed, CancellationToken cancellationToken)
        {
            (_classifier, _inputs, _labels, _count, _norm, Radius, _seed, _cancellationToken) = (classifier, inputs, labels, count, norm, radius, seed, cancellationToken);
            using AttackResult result = (norm == Norm.L0 ? s_weakOnPixels : s_weak).Build(norm, radius, seed).Run(classifier, inputs, labels, cancellationToken: cancellationToken);
            double[] margins = Margins(result, labels);
            _random = new SplitMix64(seed, result.Count);
            _right = Shuffled(Enumerable.Range(0, result.Count).Where(i => result.OriginallyCorrect[i]));
            int[] survivors = [.. _right.Where(i => !result.Success[i]).OrderByDescending(i => margins[i])];
            Broken = _right.Length == 0 ? 1 : (_right.Length - survivors.Length) / (double)_right.Length;
            _survivors = [.. NearAndAny(survivors).Take(MostRounds * count)];
            Round();
        }

        public double Radius { get; }

        /// <summary>Share of what the model gets right that the weak attack breaks; 1 where that is nothing, which no radius changes.</summary>
        public double Broken { get; }

        /// <summary>How many fall to the strong attack alone, as far as it was asked.</summary>
        public int Fallen => _fallen.Count;

        public int[] Rows()
        {
            int hard = (int)Math.Round(HardShare * _count);
            int wanted = (int)Math.Round(FallenShare * _count);
            while (Round())
            {
            }

            int fallen = Math.Min(_fallen.Count, Math.Max(wanted, hard - _standing.Count));
            int[] telling =
            [
                .. _fallen.OrderByDescending(f => f.Gradients).Take(fallen).Select(f => f.Row),
                .. _standing.OrderByDescending(s => s.Margin).Take(hard - fallen).Select(s => s.Row),
            ];
            return Shuffled(telling.Concat(_right.Except(telling)).Take(_count));
        }

        /// <summary>By turns the nearest and one of all: where gradients mislead, what a better attack breaks is far from falling to a weak one.</summary>
        private IEnumerable<int> NearAndAny(int[] nearestFirst)
        {
            IEnumerable<int> any = Shuffled(nearestFirst);
            return nearestFirst.Zip(any, (near, one) => (int[])[near, one]).SelectMany(pair => pair).Distinct();
        }

        /// <summary>Attacks the next survivors by the strong attack.</summary>
        /// <returns>Whether there were any.</returns>
        private bool Round()
        {
            int[] rows = [.. _survivors.Skip(_fallen.Count + _standing.Count).Take(_count)];
            if (rows.Length == 0)
                return false;
            using var scope = torch.NewDisposeScope();
            Tensor index = torch.tensor(rows.Select(r => (long)r).ToArray(), device: _inputs.device);
            Tensor labels = _labels.index_select(0, index);
            using AttackResult result = (_norm == Norm.L0 ? s_strongOnPixels : s_strong).Build(_norm, Radius, _seed).Run(_classifier, _inputs.index_select(0, index), labels, cancellationToken: _cancellationToken);
            double[] margins = Margins(result, labels);
            for (int i = 0; i < rows.Length; i++)
            {
                if (result.Success[i])
                    _fallen.Add((rows[i], result.GradientsPerSample[i]));
                else
                    _standing.Add((rows[i], margins[i]));
            }

            return true;
        }

        // Of logits: a sure model's probabilities are all zero or one.
        private double[] Margins(AttackResult result, Tensor labels)
        {
            var margins = new List<double>();
            int batchSize = new ProjectedGradientDescentOptions().BatchSize;
            for (long start = 0; start < result.Count; start += batchSize)
            {
                using var scope = torch.NewDisposeScope();
                long size = Math.Min(batchSize, result.Count - start);
                Tensor logits = _classifier.Logits(result.Adversarials.narrow(0, start, size));
                margins.AddRange(HostValues.Doubles(AttackedBatch.Margin(logits, labels.narrow(0, start, size), null)));
            }

            return [.. margins];
        }

        private int[] Shuffled(IEnumerable<int> items)
        {
            int[] all = [.. items];
            _random.Shuffle(all);
            return all;
        }
    }
}
