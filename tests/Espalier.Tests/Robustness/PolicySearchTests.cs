using Espalier.Data;
using Espalier.Models;
using Espalier.Robustness;
using Espalier.Tests.Data;

namespace Espalier.Tests.Robustness;

public sealed class PolicySearchTests : IDisposable
{
    private const int Features = 10;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static (LinearClassifier Model, PolicyExamples Search, PolicyExamples Selection) Problem()
    {
        var model = new LinearClassifier(Random(1, 5, Features), Random(2, 5), InputBounds.Unit);
        Tensor x = Random(3, 80, Features).sigmoid();
        Tensor labels = model.Predict(x);
        return (model, new(x.narrow(0, 0, 40), labels.narrow(0, 0, 40)), new(x.narrow(0, 40, 40), labels.narrow(0, 40, 40)));
    }

    private static PolicySearchOptions Options => new() { Epsilon = 0.05, Population = 6, Generations = 3, MaxSteps = 16, Seed = 5, SeedPublished = false };

    /// <summary>A budget is kept by what is bred, not only by what is chosen: otherwise a front may have nothing just below it.</summary>
    [Theory]
    [InlineData(30)]
    [InlineData(300)]
    public void No_policy_of_a_space_costs_more_than_its_budget(double budget)
    {
        var space = new PolicySpace(Norm.LInf, [], 3, 100, budget);
        var free = new PolicySpace(Norm.LInf, [], 3, 100);
        var random = new SplitMix64(1, 1);
        int shortened = 0;
        for (int i = 0; i < 300; i++)
        {
            PolicyGenome drawn = space.Draw(ref random);
            double complexity = space.Policy(space.Repair(drawn)).Build(Norm.LInf, 0.1).Complexity;
            double before = free.Policy(free.Repair(drawn)).Build(Norm.LInf, 0.1).Complexity;
            Assert.InRange(complexity, 1, budget);
            shortened += before > budget ? 1 : 0;
            if (before <= budget)
                Assert.Equal(before, complexity);
        }

        Assert.InRange(shortened, 50, 300);
        Assert.InRange(space.Policy(space.Nearest(AttackPolicy.CaaLinf)!).Build(Norm.LInf, 0.1).Complexity, 10, budget);
    }

    [Fact]
    public void Genomes_are_repaired_to_policies_that_use_the_radius()
    {
        var space = new PolicySpace(Norm.LInf, [], 3, null);
        var random = new SplitMix64(1, 2);
        for (int i = 0; i < 300; i++)
        {
            PolicyGenome genome = space.Repair(space.Mutate(space.Repair(space.Draw(ref random)), ref random));
            Assert.Equal(genome, space.Repair(genome));
            Assert.All(genome.Genes, g => Assert.True(g.Magnitude is >= 1 and <= 8 && g.Steps is >= 1 and <= 8));
            AttackPolicy policy = space.Policy(genome);
            policy.Validate();
            Assert.InRange(policy.Stages.Count, 1, 3);
            Assert.Equal(1, policy.Stages.Max(s => s.Share));
            Assert.Equal(policy, AttackPolicy.Parse(policy.ToString()) with { Norm = Norm.LInf });
        }

        // The published policy is a point of the paper's space: 50, 25 and 125 steps of 200.
        Assert.Equal(AttackPolicy.CaaLinf.Stages, space.Policy(space.Nearest(AttackPolicy.CaaLinf)!).Stages);
        var published = new PolicySpace(Norm.L2, ["pgd", "mi", "mt", "cw-l2", "ddn"], 3, null);
        Assert.Equal(AttackPolicy.CaaL2.Stages, published.Policy(published.Nearest(AttackPolicy.CaaL2)!).Stages);

        // The default pools of L2 and L1 have what AutoAttack has there and the paper's pool lacks.
        Assert.All((Norm[])[Norm.L2, Norm.L1], norm => Assert.Superset(new HashSet<string> { "fab-t", "square" }, new PolicySpace(norm, [], 3, null).Pool.ToHashSet()));
    }

    /// <summary>Radii of stages are whole numbers of pixels, one at least.</summary>
    [Fact]
    public void Under_L0_genomes_are_policies_of_whole_pixels()
    {
        var space = new PolicySpace(Norm.L0, [], 3, 16);
        var random = new SplitMix64(1, 2);
        var seen = new HashSet<string>();
        for (int i = 0; i < 200; i++)
        {
            AttackPolicy policy = space.Policy(space.Repair(space.Draw(ref random)));
            CompositeAttack attack = policy.Build(Norm.L0, 3);
            foreach ((PolicyStage stage, Attack built) in policy.Stages.Zip(attack.Options.Stages))
            {
                Assert.Equal(stage.Share == 1 ? 3 : Math.Max(1, Math.Floor(3 * stage.Share)), built.Options.Epsilon);
                seen.Add(stage.Attack);
            }
        }

        Assert.Equal(["jsma", "pgd0", "sigma-zero", "sparse-rs"], seen.Order());
        Assert.Throws<OptionsException>(() => new PolicySpace(Norm.L0, ["mt"], 3, null));
        Assert.Throws<OptionsException>(() => new PolicySearch(new() { Norm = Norm.L0, Epsilon = 0.5 }));
    }

    /// <summary>How few features must change to cross a plane is known: the search finds a policy that comes near, and none goes beyond.</summary>
    [Fact]
    public void Under_L0_a_search_comes_near_what_can_be_broken()
    {
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        var model = LinearClassifier.Binary(w, 0.1, InputBounds.Unit);
        Tensor x = Random(3, 80, Features).sigmoid();
        Tensor margin = x.matmul(w) + 0.1;
        Tensor labels = margin.gt(0).to(torch.int64);
        Tensor gains = torch.where((labels.unsqueeze(1) == 1).eq(w.gt(0)), x, 1 - x) * w.abs();
        long[] needed = (gains.sort(1, descending: true).Values.cumsum(1).le(margin.abs().unsqueeze(1)).sum([1]) + 1).data<long>().ToArray();
        const int K = 1;
        PolicyExamples search = new(x.narrow(0, 0, 40), labels.narrow(0, 0, 40));
        PolicyExamples selection = new(x.narrow(0, 40, 40), labels.narrow(0, 40, 40));
        PolicySearchOptions options = Options with { Norm = Norm.L0, Epsilon = K, Population = 4, Generations = 1, Pool = ["pgd0", "sigma-zero"] };
        PolicySearchResult found = new PolicySearch(options).Run(model, search, selection);
        double left = needed.Skip(40).Count(n => n > K) / 40.0;
        Assert.InRange(left, 0.05, 0.9);
        Assert.InRange(found.Selected.SelectionRobust, left - 1e-9, left + 0.05);
        Assert.All(found.Front, c => Assert.True(c.SearchRobust >= needed.Take(40).Count(n => n > K) / 40.0 - 1e-9));
        Assert.Equal(found.Front, new PolicySearch(options with { Workers = 2 }).Run(model, search, selection).Front);

        (IReadOnlyList<int> rows, double radius) = HardExamples.Choose(model, x, labels, 30, Norm.L0, 1, 3);
        Assert.Equal(30, rows.Count);
        Assert.Equal(Math.Floor(radius), radius);
        Assert.Throws<OptionsException>(() => HardExamples.Choose(model, x, labels, 30, Norm.L0, 0.5, 3));
    }

    [Fact]
    public void Crossing_swaps_whole_genes()
    {
        var space = new PolicySpace(Norm.LInf, [], 3, null);
        var random = new SplitMix64(3, 4);
        PolicyGenome first = space.Draw(ref random);
        PolicyGenome second = space.Draw(ref random);
        for (int i = 0; i < 50; i++)
        {
            (PolicyGenome a, PolicyGenome b) = PolicySpace.Cross(first, second, ref random);
            for (int gene = 0; gene < 3; gene++)
            {
                bool isSwapped = a.Genes[gene] == second.Genes[gene] && b.Genes[gene] == first.Genes[gene];
                Assert.True(isSwapped || (a.Genes[gene] == first.Genes[gene] && b.Genes[gene] == second.Genes[gene]));
            }
        }
    }

    [Fact]
    public void A_killed_search_goes_on_and_workers_change_nothing()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, PolicyExamples search, PolicyExamples selection) = Problem();
        PolicySearchResult whole = new PolicySearch(Options).Run(model, search, selection);
        PolicySearchResult parallel = new PolicySearch(Options with { Workers = 2 }).Run(model, search, selection);
        string state = _folder.File("state.json");
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => new PolicySearch(Options with { StatePath = state })
            .Run(model, search, selection, new StopAfter(stop, 1), cancellationToken: stop.Token));
        PolicySearchResult resumed = new PolicySearch(Options with { StatePath = state }).Run(model, search, selection);
        foreach (PolicySearchResult other in (PolicySearchResult[])[parallel, resumed])
        {
            Assert.Equal(whole.Front, other.Front);
            Assert.Equal(whole.Selected, other.Selected);
            Assert.Equal(whole.Gradients, other.Gradients);
        }

        Assert.Equal(4, whole.Generations.Count);
        Assert.Throws<CheckpointException>(() => new PolicySearch(Options with { StatePath = state, Epsilon = 0.06 }).Run(model, search, selection));
    }

    [Fact]
    public void The_front_is_one_and_the_choice_keeps_the_budget()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, PolicyExamples search, PolicyExamples selection) = Problem();
        PolicySearchResult free = new PolicySearch(Options).Run(model, search, selection);
        for (int i = 1; i < free.Front.Count; i++)
        {
            Assert.True(free.Front[i].Complexity > free.Front[i - 1].Complexity);
            Assert.True(free.Front[i].SearchRobust < free.Front[i - 1].SearchRobust);
        }

        Assert.Equal(free.Front.MinBy(c => (c.SelectionRobust, c.SearchRobust)), free.Selected);
        double budget = free.Front[0].Complexity;
        PolicySearchResult poor = new PolicySearch(Options with { MaxComplexity = budget }).Run(model, search, selection);
        // A search that breeds under a budget may find what a free one passed over.
        Assert.All(poor.Front, c => Assert.InRange(c.Complexity, 0, budget));
        Assert.Equal(poor.Front.MinBy(c => (c.SelectionRobust, c.SearchRobust)), poor.Selected);
        Assert.Equal(free.Front[0], free.BestWithin(budget));
        Assert.Null(free.BestWithin(budget / 2));
    }

    [Fact]
    public void The_selection_examples_decide_then_the_search_examples_and_within_the_budget()
    {
        PolicyCandidate[] front = [Candidate(10, 0.5, 0.4), Candidate(100, 0.4, 0.3), Candidate(200, 0.3, 0.3), Candidate(300, 0.2, 0.35), Candidate(400, 0.1, 0.2)];
        Assert.Equal(front[2], PolicyCandidate.Strongest(front, 300));
        Assert.Equal(front[1], PolicyCandidate.Strongest(front, 199));
        Assert.Equal(front[4], PolicyCandidate.Strongest(front, double.PositiveInfinity));
        Assert.Null(PolicyCandidate.Strongest(front, 9));

        static PolicyCandidate Candidate(double complexity, double search, double selection) => new(AttackPolicy.CaaLinf, "", complexity, search, selection, complexity);
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, PolicyExamples search, PolicyExamples selection) = Problem();
        Assert.Throws<OptionsException>(() => new PolicySearch(Options with { Epsilon = 0 }));
        Assert.Throws<OptionsException>(() => new PolicySearch(Options with { MaxSteps = 4 }));
        Assert.Throws<NotFoundException>(() => new PolicySearch(Options with { Pool = ["fgms"] }).Run(model, search, selection));
        var scores = new DelegateClassifier([Features], 5, model.Probabilities);
        Assert.Throws<OptionsException>(() => new PolicySearch(Options).Run(scores, search, selection));
        Assert.Throws<DataException>(() => new PolicySearch(Options).Run(model, search, new(selection.Inputs.narrow(0, 0, 0), selection.Labels.narrow(0, 0, 0))));
    }

    private sealed class StopAfter(CancellationTokenSource stop, int generation) : IProgress<PolicySearchGeneration>
    {
        public void Report(PolicySearchGeneration value)
        {
            if (value.Number == generation)
                stop.Cancel();
        }
    }
}
