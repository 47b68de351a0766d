using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// HopSkipJump (Chen et al., "HopSkipJumpAttack: A Query-Efficient Decision-Based Attack", S&amp;P 2020): at the boundary the
/// decisions of probes around a point tell its normal; a step along it, and back to the boundary.
/// </summary>
/// <param name="options">Norm, queries; the paper's where null.</param>
/// <param name="startingPoints">[m, ...]: inputs to start from; the caller's.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class HopSkipJump(HopSkipJumpOptions? options = null, Tensor? startingPoints = null) : DecisionAttack(options ?? new(), startingPoints)
{
    private const int RowsAtOnce = 2048;
    private const int LeastProbes = 10;
    private const int UsualHalvings = 5;
    private const int MostHalvings = 30;
    private const double FirstReach = 0.1;

    /// <summary>What the attack was told.</summary>
    public new HopSkipJumpOptions Options => (HopSkipJumpOptions)base.Options;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new HopSkipJump(Options with { Epsilon = epsilon }, StartingPoints);

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new HopSkipJump(Options with { Seed = seed }, StartingPoints);

    private protected override void Approach(DecisionSearch search)
    {
        // θ = d^-3/2 in L2, d^-2 in L-inf (section IV-C): how finely the boundary is found, as a share of the distance.
        double exponent = Options.Norm == Norm.L2 ? 1.5 : 2;
        int bisections = (int)Math.Ceiling(exponent * Math.Log2(search.Features));
        RowState x = search.Active.Track(search.ToBoundary(FindStart(search), bisections));
        for (int i = 0; i < Options.Iterations && search.KeepUnfinished(bisections + UsualHalvings + LeastProbes); i++)
        {
            using var scope = torch.NewDisposeScope();
            Tensor distance = search.SizeOf(x.Value);
            // δ = √d·θ·distance in L2 and d·θ·distance in L-inf: a d-th of the distance in both.
            Tensor reach = i == 0 ? torch.full_like(distance, FirstReach * Width(search)) : distance / search.Features;
            Tensor probes = (search.Left - (bisections + UsualHalvings)).clamp_max((long)Math.Min(Options.Probes * Math.Sqrt(i + 1), Options.MostProbes));
            Tensor direction = search.Active.Region.Steepest(Normal(search, x.Value, reach, probes, i));
            x.Value = search.ToBoundary(Jump(search, x.Value, direction, distance / Math.Sqrt(i + 1)), bisections);
        }
    }

    private static double Width(DecisionSearch search)
    {
        double width = search.Batch.Target.Classifier.Bounds.Upper - search.Batch.Target.Classifier.Bounds.Lower;
        return double.IsFinite(width) ? width : 1;
    }

    // The step is halved until it ends at an adversarial input; it may come to nothing.
    private static Tensor Jump(DecisionSearch search, Tensor x, Tensor direction, Tensor length)
    {
        Tensor found = x.clone();
        Tensor pending = search.Left.gt(0);
        for (int halving = 0; halving < MostHalvings && pending.any().item<bool>(); halving++)
        {
            Tensor candidate = search.Legal(x + (direction * Perturbations.PerSample(length * Math.Pow(0.5, halving), x)));
            Tensor fooled = search.Ask(candidate, pending);
            found = torch.where(Perturbations.PerSample(fooled, x), candidate, found);
            pending = pending.logical_and(fooled.logical_not()).logical_and(search.Left.gt(0));
        }

        return found;
    }

    // Eq. 16: the mean of (decision - mean decision)·probe; where all decide alike, ± the mean probe.
    private Tensor Normal(DecisionSearch search, Tensor x, Tensor reach, Tensor counts, int iteration)
    {
        ActiveSamples active = search.Active;
        int most = (int)counts.max().item<long>();
        int chunk = Math.Max(1, RowsAtOnce / active.Count);
        Tensor size = Perturbations.PerSample(reach, x);
        Tensor sum = torch.zeros_like(x, dtype: torch.float64), decidedSum = torch.zeros_like(sum);
        Tensor decisions = torch.zeros(active.Count, dtype: torch.float64, device: x.device);
        for (int first = 0; first < most; first += chunk)
        {
            using var scope = torch.NewDisposeScope();
            int count = Math.Min(chunk, most - first);
            Tensor asked = torch.arange(first, first + count, device: x.device).unsqueeze(1).lt(counts.unsqueeze(0)); // [k, active]
            Tensor probes = torch.stack([.. Enumerable.Range(first, count).Select(k => Probe(search, x, (iteration * Options.MostProbes) + k))]);
            Tensor points = (x + (size * probes)).flatten(0, 1);
            Tensor legal = search.Batch.Target.Classifier.Bounds.Clamp(points).view(probes.shape);
            Tensor weights = asked.to(torch.float64);
            Tensor signs = ((2 * search.Decided(legal, asked).to(torch.float64)) - 1) * weights;
            probes = ((legal - x) / size).to(torch.float64);
            sum.add_((probes * PerProbe(weights, probes)).sum([0]));
            decidedSum.add_((probes * PerProbe(signs, probes)).sum([0]));
            decisions.add_(signs.sum([0]));
        }

        Tensor mean = decisions / counts;
        Tensor baseline = torch.where(mean.abs().eq(1), torch.zeros_like(mean), mean);
        return (decidedSum - (sum * Perturbations.PerSample(baseline, sum))).to(x.dtype);
    }

    private Tensor Probe(DecisionSearch search, Tensor x, int purpose)
    {
        ExampleRandom random = search.Batch.Random(search.Active, purpose);
        Tensor direction = Options.Norm == Norm.L2 ? random.Normal(x) : random.Uniform(x, -1, 1);
        if (search.Batch.Scales is { } scales)
            direction = direction * scales;
        return direction / Perturbations.PerSample(Perturbations.Size(Norm.L2, direction), direction);
    }

    private static Tensor PerProbe(Tensor weights, Tensor probes) =>
        weights.view([.. weights.shape, .. Enumerable.Repeat(1L, (int)probes.dim() - 2)]);
}
