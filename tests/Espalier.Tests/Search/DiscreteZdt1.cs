using Espalier.Communication;
using Espalier.Randomness;
using Espalier.Search;

namespace Espalier.Tests.Search;

/// <summary>
/// ZDT1 (Zitzler, Deb, Thiele 2000) on a grid of levels: f1 = x1, f2 = g (1 - sqrt(f1/g)), g = 1 + 9 mean(x2..xn). The
/// best front is g = 1: one point per level of x1.
/// </summary>
internal sealed class DiscreteZdt1(int genes = 6, int levels = 9, ICommunicator? ranks = null) : SearchProblem<Levels>
{
    /// <summary>Evaluations made, and the sizes of the batches they came in.</summary>
    public List<int> Batches { get; } = [];

    /// <summary>Fails at this batch, counted from 0.</summary>
    public int FailsAt { get; init; } = -1;

    /// <summary>Gives up what is hopeless when all genes but the last are known.</summary>
    public bool Drops { get; init; }

    public override int ObjectiveCount => 2;

    public override string Fingerprint { get; } = $"zdt1 {genes}x{levels}";

    public static double[] Objectives(int[] values, int levels)
    {
        double[] x = [.. values.Select(v => v / (levels - 1.0))];
        double g = 1 + 9 * x[1..].Average();
        return [x[0], g * (1 - Math.Sqrt(x[0] / g))];
    }

    public override Levels Draw(ref SplitMix64 random)
    {
        int[] values = new int[genes];
        for (int i = 0; i < genes; i++)
            values[i] = random.NextBelow(levels);
        return new Levels(values);
    }

    public override (Levels First, Levels Second) Cross(Levels first, Levels second, ref SplitMix64 random)
    {
        int[] a = [.. first.Values];
        int[] b = [.. second.Values];
        for (int i = 0; i < genes; i++)
        {
            if (random.NextBernoulli(0.5))
                (a[i], b[i]) = (b[i], a[i]);
        }

        return (new Levels(a), new Levels(b));
    }

    public override Levels Mutate(Levels genome, ref SplitMix64 random)
    {
        int[] values = [.. genome.Values];
        for (int i = 0; i < genes; i++)
        {
            if (random.NextBernoulli(1.0 / genes))
                values[i] += random.NextBelow(2) == 0 ? -1 - random.NextBelow(2) : 1 + random.NextBelow(2);
        }

        return new Levels(values);
    }

    /// <summary>Reflects at the ends.</summary>
    public override Levels Repair(Levels genome) => new([.. genome.Values.Select(v => v < 0 ? -v : v >= levels ? (2 * (levels - 1)) - v : v)]);

    public override string Key(Levels genome) => string.Join(",", genome.Values);

    public override IReadOnlyList<SearchEvaluation> Evaluate(IReadOnlyList<Levels> genomes, SearchRivals rivals, CancellationToken cancellationToken)
    {
        if (Batches.Count == FailsAt)
            throw new IOException("the machine went down");
        Batches.Add(genomes.Count);
        return WorkSharing.Map(ranks ?? SingleProcess.Instance, genomes.Count, i => Judge(genomes[i], rivals));
    }

    private SearchEvaluation Judge(Levels genome, SearchRivals rivals)
    {
        // With the last gene at its best, f2 is as small as it can still be.
        int[] optimistic = [.. genome.Values[..^1], 0];
        double[] bound = Objectives(optimistic, levels);
        return Drops && rivals.IsHopeless(bound) ? new(bound, Dropped: true)
            : new(Objectives(genome.Values, levels), Measurements: new Dictionary<string, double> { ["sum"] = genome.Values.Sum() });
    }
}
