using System.Text.Json;
using Espalier.Errors;
using Espalier.Search;
using Espalier.Tests.Concurrency;
using Espalier.Tests.Data;
using Espalier.Tests.Distributed;

namespace Espalier.Tests.Search;

[Collection(Beside.Name)]
public sealed class SearchTests
{
    private static readonly double[] Reference = [1.1, 10.5];

    private static Nsga2Options Small(long seed = 3) => new() { PopulationSize = 6, Generations = 12, EvaluationBatchSize = 4, ReferencePoint = Reference, Seed = seed };

    /// <summary>So few places that children are hopeless now and then.</summary>
    private static Nsga2Options Crowded(long seed) => new() { PopulationSize = 3, Generations = 40, EvaluationBatchSize = 1, Seed = seed };

    /// <summary>Everything that a search returned, as text: equal texts are equal bit for bit.</summary>
    private static string Text(SearchResult<Levels> result) => JsonSerializer.Serialize(result);

    [Fact]
    public void On_zdt1_the_survivors_never_get_worse_and_random_draws_are_beaten()
    {
        double best = Hypervolume.Of([.. Enumerable.Range(0, 9).Select(level => DiscreteZdt1.Objectives([level, 0, 0, 0, 0, 0], 9))], Reference);
        for (int seed = 0; seed < 5; seed++)
        {
            SearchResult<Levels> evolved = new Nsga2<Levels>(new() { Generations = 49, ReferencePoint = Reference, Seed = seed }).Run(new DiscreteZdt1());
            double[] volumes = [.. evolved.Generations.Select(g => Hypervolume.Of([.. g.Population.Select(p => p.Evaluation.Objectives)], Reference))];
            // The front has at most nine distinct points, and twenty places keep them all.
            Assert.All(volumes.Zip(volumes.Skip(1)), v => Assert.True(v.Second >= v.First, $"seed {seed}: {v.First} fell to {v.Second}"));
            Assert.InRange(evolved.Evaluated.Count, 500, 1000);

            SearchResult<Levels> drawn = new RandomSearch<Levels>(new() { Evaluations = evolved.Evaluated.Count, ReferencePoint = Reference, Seed = seed }).Run(new DiscreteZdt1());
            Assert.Equal(evolved.Evaluated.Count, drawn.Evaluated.Count);
            double evolvedVolume = evolved.Generations[^1].Hypervolume!.Value;
            double drawnVolume = drawn.Generations[^1].Hypervolume!.Value;
            Assert.True(evolvedVolume > drawnVolume, $"seed {seed}: {evolvedVolume} against {drawnVolume}");
            Assert.InRange(evolvedVolume, 0.99 * best, best);
        }
    }

    [Fact]
    public void The_front_is_what_nothing_evaluated_dominates()
    {
        foreach (GenomeSearch<Levels> search in new GenomeSearch<Levels>[] { new Nsga2<Levels>(Small()), new RandomSearch<Levels>(new() { Evaluations = 70 }) })
        {
            SearchResult<Levels> result = search.Run(new DiscreteZdt1());
            Assert.Equal(
                result.Evaluated.Where(e => !result.Evaluated.Any(o => ParetoFront.Dominates(o.Evaluation.Objectives, e.Evaluation.Objectives))).Select(e => e.Key),
                result.Front.Select(f => f.Key));
            Assert.All(result.Evaluated, e => Assert.Equal(DiscreteZdt1.Objectives(e.Genome.Values, 9), e.Evaluation.Objectives));
            Assert.Equal(Enumerable.Range(0, result.Evaluated.Count), result.Evaluated.Select(e => e.Number));
        }
    }

    [Fact]
    public void A_seed_decides_everything()
    {
        Assert.Equal(Text(new Nsga2<Levels>(Small()).Run(new DiscreteZdt1())), Text(new Nsga2<Levels>(Small()).Run(new DiscreteZdt1())));
        Assert.NotEqual(Text(new Nsga2<Levels>(Small()).Run(new DiscreteZdt1())), Text(new Nsga2<Levels>(Small(4)).Run(new DiscreteZdt1())));
    }

    [Fact]
    public void Genomes_are_evaluated_once_and_counted_exactly()
    {
        // 3 levels and 3 genes are 27 genomes: soon most proposals are known.
        var problem = new DiscreteZdt1(3, 3);
        SearchResult<Levels> result = new Nsga2<Levels>(new() { PopulationSize = 8, Generations = 20 }).Run(problem);
        SearchGeneration<Levels> last = result.Generations[^1];
        Assert.Equal(last.Evaluations, problem.Batches.Sum());
        Assert.Equal(last.Evaluations, result.Evaluated.Select(e => e.Key).Distinct().Count());
        Assert.InRange(last.Evaluations, 9, 27);
        Assert.InRange(last.MemoHits, 1, 20 * 8);
        Assert.All(result.Generations, g => Assert.Equal(g.Population.Count, g.Population.Select(p => p.Key).Distinct().Count()));
    }

    [Fact]
    public void Where_there_are_fewer_genomes_than_places_all_are_found_and_the_search_ends()
    {
        SearchResult<Levels> result = new Nsga2<Levels>(new() { PopulationSize = 20, Generations = 3 }).Run(new DiscreteZdt1(2, 3));
        Assert.Equal(9, result.Evaluated.Count);
        Assert.Equal(9, new RandomSearch<Levels>(new() { Evaluations = 50 }).Run(new DiscreteZdt1(2, 3)).Evaluated.Count);
    }

    [Fact]
    public void The_first_generation_begins_with_the_genomes_given()
    {
        Levels[] initial = [new([8, 0, 0, 0, 0, 0]), new([0, 0, 0, 0, 0, 0]), new([8, 0, 0, 0, 0, 0])];
        SearchResult<Levels> result = new Nsga2<Levels>(Small()).Run(new DiscreteZdt1(), initial);
        Assert.Equal(["8,0,0,0,0,0", "0,0,0,0,0,0"], result.Evaluated.Take(2).Select(e => e.Key));
        Assert.Equal(6, result.Generations[0].Evaluations);
        Assert.Contains("0,0,0,0,0,0", result.Population.Select(p => p.Key));
        Levels[] tooMany = [.. Enumerable.Range(0, 7).Select(i => new Levels([i, 0, 0, 0, 0, 0]))];
        Assert.Throws<OptionsException>(() => new Nsga2<Levels>(Small()).Run(new DiscreteZdt1(), tooMany));
    }

    [Fact]
    public void Giving_up_what_is_hopeless_changes_no_population()
    {
        // A genome that is dominated by as many as there are places would not have survived anyway.
        int dropped = 0;
        for (int seed = 0; seed < 5; seed++)
        {
            SearchResult<Levels> full = new Nsga2<Levels>(Crowded(seed)).Run(new DiscreteZdt1());
            SearchResult<Levels> early = new Nsga2<Levels>(Crowded(seed)).Run(new DiscreteZdt1 { Drops = true });
            Assert.Equal(full.Generations.SelectMany(g => g.Population).Select(p => p.Key), early.Generations.SelectMany(g => g.Population).Select(p => p.Key));
            Assert.Equal(full.Evaluated.Count, early.Evaluated.Count);
            Assert.Equal(early.Evaluated.Count(e => e.Evaluation.Dropped), early.Generations[^1].Dropped);
            Assert.DoesNotContain(early.Generations, g => g.Population.Concat(g.Front).Any(p => p.Evaluation.Dropped));
            dropped += early.Generations[^1].Dropped;
        }

        Assert.InRange(dropped, 10, 500);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_interrupted_search_goes_on_bit_for_bit(bool evolves)
    {
        using var folder = new TemporaryFolder();
        GenomeSearch<Levels> Search() => evolves
            ? new Nsga2<Levels>(Small())
            : new RandomSearch<Levels>(new() { Evaluations = 70, GenerationSize = 12, EvaluationBatchSize = 5, ReferencePoint = Reference });
        var whole = new DiscreteZdt1 { Drops = true };
        string expected = Text(Search().Run(whole));
        for (int batch = 0; batch < whole.Batches.Count; batch += 4)
        {
            string path = folder.File($"{batch}.json");
            var failing = new DiscreteZdt1 { Drops = true, FailsAt = batch };
            Assert.Throws<IOException>(() => Search().Run(failing, statePath: path));
            var rest = new DiscreteZdt1 { Drops = true };
            Assert.Equal(expected, Text(Search().Run(rest, statePath: path)));
            Assert.Equal(whole.Batches, failing.Batches.Concat(rest.Batches));
        }

        // A search that is over has nothing left to do.
        Assert.Equal(expected, Text(Search().Run(new DiscreteZdt1 { Drops = true, FailsAt = 0 }, statePath: folder.File("0.json"))));
    }

    [Fact]
    public void A_cancelled_search_goes_on_bit_for_bit()
    {
        using var folder = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        string path = folder.File("state.json");
        var stop = new Listener<SearchGeneration<Levels>>(g =>
        {
            if (g.Number == 3)
                source.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => new Nsga2<Levels>(Small()).Run(new DiscreteZdt1(), statePath: path, progress: stop, cancellationToken: source.Token));
        Assert.Equal(Text(new Nsga2<Levels>(Small()).Run(new DiscreteZdt1())), Text(new Nsga2<Levels>(Small()).Run(new DiscreteZdt1(), statePath: path)));
    }

    [Fact]
    public void A_search_that_is_over_can_be_given_more_generations()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("state.json");
        _ = new Nsga2<Levels>(Small() with { Generations = 3 }).Run(new DiscreteZdt1(), statePath: path);
        Assert.Equal(Text(new Nsga2<Levels>(Small()).Run(new DiscreteZdt1())), Text(new Nsga2<Levels>(Small()).Run(new DiscreteZdt1(), statePath: path)));
    }

    [Fact]
    public void A_state_of_another_search_is_refused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("state.json");
        _ = new Nsga2<Levels>(Small()).Run(new DiscreteZdt1(), statePath: path);
        string Refusal(Nsga2Options options, SearchProblem<Levels>? problem = null, Levels[]? initial = null) =>
            Assert.Throws<CheckpointException>(() => new Nsga2<Levels>(options).Run(problem ?? new DiscreteZdt1(), initial, path)).Message;
        Assert.Contains("seed is 3 there and 4 here", Refusal(Small(4)), StringComparison.Ordinal);
        Assert.Contains("populationSize is 6 there and 8 here", Refusal(Small() with { PopulationSize = 8 }), StringComparison.Ordinal);
        Assert.Contains("zdt1 6x9 there and zdt1 6x8 here", Refusal(Small(), new DiscreteZdt1(6, 8)), StringComparison.Ordinal);
        Assert.Contains("initial genomes is none there", Refusal(Small(), initial: [new([1, 1, 1, 1, 1, 1])]), StringComparison.Ordinal);
        Assert.Contains("12 generations, 11 are asked for", Refusal(Small() with { Generations = 11 }), StringComparison.Ordinal);
        Assert.Contains("method is Nsga2 there and RandomSearch here", Assert.Throws<CheckpointException>(() => new RandomSearch<Levels>().Run(new DiscreteZdt1(), statePath: path)).Message, StringComparison.Ordinal);

        string text = File.ReadAllText(path);
        File.WriteAllText(path, text[..(text.Length / 2)]);
        Assert.Contains("is not the state of a search", Refusal(Small()), StringComparison.Ordinal);
        File.WriteAllText(path, "{}");
        Assert.Contains("is not the state of a search", Refusal(Small()), StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace("\"key\":\"8,", "\"key\":\"7,", StringComparison.Ordinal));
        Assert.Contains("reads back as '8,", Refusal(Small()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Ranks_share_the_evaluations_and_find_the_same(int ranks)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("state.json");
        string expected = Text(new Nsga2<Levels>(Small()).Run(new DiscreteZdt1 { Drops = true }));
        string[] found = ThreadRanks.Run(ranks, c => Text(new Nsga2<Levels>(Small()).Run(new DiscreteZdt1(ranks: c) { Drops = true }, statePath: path, communicator: c)));
        Assert.All(found, f => Assert.Equal(expected, f));
        Assert.Equal(expected, Text(new Nsga2<Levels>(Small()).Run(new DiscreteZdt1 { FailsAt = 0 }, statePath: path)));
        Assert.All(ThreadRanks.Try(ranks, c => new Nsga2<Levels>(Small(c.Rank)).Run(new DiscreteZdt1(), communicator: c)), r => Assert.IsType<DistributedException>(r.Error));
    }

    [Fact]
    public void Every_generation_is_reported()
    {
        var seen = new List<SearchGeneration<Levels>>();
        SearchResult<Levels> result = new Nsga2<Levels>(Small()).Run(new DiscreteZdt1(), progress: new Listener<SearchGeneration<Levels>>(seen.Add));
        Assert.Equal(result.Generations, seen);
        Assert.Equal(Enumerable.Range(0, 13), seen.Select(g => g.Number));
        Assert.Null(new Nsga2<Levels>(Small() with { ReferencePoint = null }).Run(new DiscreteZdt1()).Generations[0].Hypervolume);
    }

    [Fact]
    public void An_objective_that_is_no_number_is_refused()
    {
        var error = Assert.Throws<DataException>(() => new Nsga2<double>().Run(new Line(x => x < 0.5 ? x : double.NaN)));
        Assert.Contains("objective 0 is NaN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<OptionsException>(() => new Nsga2<Levels>(new() { PopulationSize = 1 }));
        Assert.Throws<OptionsException>(() => new Nsga2<Levels>(new() { Generations = -1 }));
        Assert.Throws<OptionsException>(() => new Nsga2<Levels>(new() { CrossoverProbability = 1.1 }));
        Assert.Throws<OptionsException>(() => new Nsga2<Levels>(new() { DuplicateTries = 0 }));
        Assert.Throws<OptionsException>(() => new Nsga2<Levels>(new() { EvaluationBatchSize = 0 }));
        Assert.Throws<OptionsException>(() => new Nsga2<Levels>(new() { ReferencePoint = [double.NaN, 1] }));
        Assert.Throws<OptionsException>(() => new Nsga2<Levels>(new() { ReferencePoint = [1] }).Run(new DiscreteZdt1()));
        Assert.Throws<OptionsException>(() => new RandomSearch<Levels>(new() { Evaluations = 0 }));
        Assert.Throws<OptionsException>(() => new RandomSearch<Levels>(new() { GenerationSize = 0 }));
    }

    [Fact]
    public void Continuous_genomes_of_one_objective_are_searched_too()
    {
        SearchResult<double> result = new Nsga2<double>(new() { Generations = 30 }).Run(new Line(x => Math.Abs(x - 0.3)));
        Assert.Equal(0.3, result.Front[0].Genome, 1e-2);
    }

    [Fact]
    public void A_genome_has_a_seed_of_its_own()
    {
        Assert.Equal(GenomeSeed.Of(1, "a"), GenomeSeed.Of(1, "a"));
        Assert.Equal(4, new[] { GenomeSeed.Of(1, "a"), GenomeSeed.Of(2, "a"), GenomeSeed.Of(1, "b"), GenomeSeed.Of(2, "b") }.Distinct().Count());
    }
}
