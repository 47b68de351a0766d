using Espalier.Randomness;
using Espalier.Search;

namespace Espalier.Tests.Search;

public sealed class ParetoFrontTests
{
    private const double Infinity = double.PositiveInfinity;

    /// <summary>A random set; few levels make equal and dominated points common.</summary>
    private static double[][] RandomSet(int seed, int objectives, int levels, int most)
    {
        var random = new SplitMix64(seed, 7);
        double[][] set = new double[1 + random.NextBelow(most)][];
        for (int i = 0; i < set.Length; i++)
        {
            set[i] = new double[objectives];
            for (int m = 0; m < objectives; m++)
                set[i][m] = random.NextBelow(levels);
        }

        return set;
    }

    [Fact]
    public void Dominating_is_worse_in_none_and_better_in_one()
    {
        Assert.True(ParetoFront.Dominates([1, 2], [1, 3]));
        Assert.False(ParetoFront.Dominates([1, 3], [1, 2]));
        Assert.False(ParetoFront.Dominates([1, 2], [1, 2]));
        Assert.False(ParetoFront.Dominates([0, 4], [1, 3]));
        Assert.Throws<ArgumentException>(() => ParetoFront.Dominates([1], [1, 2]));
    }

    [Fact]
    public void The_fast_sort_agrees_with_peeling_by_definition()
    {
        int deepest = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            double[][] set = RandomSet(seed, objectives: 1 + (seed % 4), levels: 3 + (seed % 5), most: 40);
            List<int> left = [.. Enumerable.Range(0, set.Length)];
            var expected = new List<int[]>();
            while (left.Count > 0)
            {
                int[] front = [.. left.Where(p => !left.Any(q => IsBelow(set[q], set[p])))];
                expected.Add(front);
                left.RemoveAll(front.Contains);
            }

            Assert.Equal(expected, ParetoFront.NonDominatedSort(set).Select(f => f.ToArray()));
            deepest = Math.Max(deepest, expected.Count);
        }

        Assert.InRange(deepest, 5, 40);
        Assert.Empty(ParetoFront.NonDominatedSort([]));

        static bool IsBelow(double[] q, double[] p) => q.Zip(p).All(v => v.First <= v.Second) && !q.SequenceEqual(p);
    }

    [Fact]
    public void Crowding_is_the_gap_between_the_neighbours()
    {
        // By hand: objective 0 has range 10 and the second objective range 8.
        double[][] front = [[0, 8], [4, 3], [1, 6], [10, 0]];
        Assert.Equal([Infinity, (10 - 1) / 10.0 + (6 - 0) / 8.0, (4 - 0) / 10.0 + (8 - 3) / 8.0, Infinity], ParetoFront.CrowdingDistance(front));
    }

    [Fact]
    public void Copies_have_no_room_and_hide_no_neighbour()
    {
        Assert.Equal([Infinity, 0], ParetoFront.CrowdingDistance([[1.0, 2.0], [1.0, 2.0]]));
        Assert.Equal([Infinity, 0, Infinity, 0], ParetoFront.CrowdingDistance([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]));
        Assert.Equal([Infinity, 2, 0, Infinity], ParetoFront.CrowdingDistance([[0.0, 2.0], [1.0, 1.0], [1.0, 1.0], [2.0, 0.0]]));
    }

    [Fact]
    public void An_objective_without_range_adds_nothing()
    {
        Assert.Equal([Infinity, 1, Infinity], ParetoFront.CrowdingDistance([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0]]));
        Assert.Equal([Infinity], ParetoFront.CrowdingDistance([[3.0, 3.0]]));
        Assert.Empty(ParetoFront.CrowdingDistance([]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_hypervolume_is_that_of_the_union_of_boxes(int objectives)
    {
        // The union by inclusion and exclusion over all subsets; some points lie beyond the reference.
        double[] reference = [.. Enumerable.Repeat(6.0, objectives)];
        for (int seed = 0; seed < 50; seed++)
        {
            double[][] set = RandomSet(seed, objectives, levels: 8, most: 8);
            double expected = 0;
            for (int subset = 1; subset < 1 << set.Length; subset++)
            {
                double[][] chosen = [.. set.Where((_, i) => (subset >> i & 1) == 1)];
                double common = Enumerable.Range(0, objectives).Aggregate(1.0, (volume, m) => volume * Math.Max(0, reference[m] - chosen.Max(c => c[m])));
                expected += chosen.Length % 2 == 1 ? common : -common;
            }

            Assert.Equal(expected, Hypervolume.Of(set, reference), 1e-9);
        }
    }

    [Fact]
    public void The_hypervolume_of_nothing_is_zero_and_sizes_must_fit()
    {
        Assert.Equal(0, Hypervolume.Of([], [1, 1]));
        Assert.Throws<ArgumentException>(() => Hypervolume.Of([[1.0]], [1, 1]));
        Assert.Throws<ArgumentException>(() => Hypervolume.Of([], []));
    }

    /// <summary>Of five on one front, the middle of the three inside has most room: it wins each of its tournaments with its neighbours.</summary>
    [Fact]
    public void Of_one_front_the_tournament_prefers_room()
    {
        // Crowding 0.5, 1.1 and 1.5 inside, infinite at the ends: of 25 pairs (a, b) the k-th worst is picked in 2k - 1.
        double[][] front = [[0, 10], [1, 9], [2, 5], [6, 3], [10, 0]];
        var tournament = new Tournament<string>([.. front.Select((f, i) => new SearchIndividual<string>(i, 0, $"{i}", $"{i}", new(f)))]);
        double[] room = ParetoFront.CrowdingDistance(front);
        int[] worstFirst = [.. Enumerable.Range(1, 3).OrderBy(i => room[i])];
        var random = new SplitMix64(1, 2);
        int[] picks = new int[5];
        for (int i = 0; i < 25_000; i++)
            picks[int.Parse(tournament.Pick(ref random))]++;
        for (int k = 0; k < 3; k++)
            Assert.InRange(picks[worstFirst[k]], ((2 * k) + 1) * 1000 - 300, ((2 * k) + 1) * 1000 + 300);
        Assert.InRange(picks[0], 7600, 8400);
    }
}
