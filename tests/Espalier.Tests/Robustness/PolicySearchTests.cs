using Espalier.Errors;
using Espalier.Models;
using Espalier.Randomness;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;
using Espalier.Robustness.Search;
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

    private static PolicySearchOptions Options => new() { Epsilon = 0.05, Population = 6, Generations = 3, MaxSteps = 16, Seed = 5, SeedPublished = false, Pool = ["fgsm", "pgd", "mi", "cw", "odi-cos", "odi-cyclical", "odi-step", "mt"] };

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

    /// <summary>
    /// Of a model that answers in steps, with a slight slope the wrong way, gradients lead away from the boundary. The pool of each
    /// norm holds an attack that does without them.
    /// </summary>
    [Theory]
    [InlineData(Norm.LInf, 0.1)]
    [InlineData(Norm.L2, 0.3)]
    [InlineData(Norm.L1, 0.8)]
    public void Where_gradients_mislead_the_search_finds_what_does_without_them(Norm norm, double epsilon)
    {
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        var model = new Stairs(w);
        Tensor x = Random(3, 80, Features).sigmoid();
        Tensor labels = model.Predict(x);
        PolicyExamples search = new(x.narrow(0, 0, 20), labels.narrow(0, 0, 20));
        PolicyExamples selection = new(x.narrow(0, 20, 20), labels.narrow(0, 20, 20));
        PolicySearchOptions options = Options with { Norm = norm, Epsilon = epsilon, Population = 4, Generations = 1, SeedPublished = true, MaxComplexity = 300, Pool = [] };
        AttackPolicy found = new PolicySearch(options).Run(model, search, selection).Selected.Policy;
        int left = Left(found);
        Assert.InRange(left, 1, Left(AttackPolicy.Parse("pgd(t=50) -> mt(t=50) -> cw(t=50)")) / 2);

        int Left(AttackPolicy policy)
        {
            using AttackResult result = policy.Build(norm, epsilon, seed: 9).Run(model, x.narrow(0, 40, 40), labels.narrow(0, 40, 40));
            return result.Success.Count(s => !s);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(150.0)]
    public void A_policy_without_an_attack_that_breaks_more_gets_it_within_the_budget(double? budget)
    {
        using var scope = torch.NewDisposeScope();
        var model = new Stairs(Random(1, Features));
        Tensor x = Random(3, 40, Features).sigmoid();
        PolicyExamples examples = new(x, model.Predict(x));
        PolicySearchOptions options = Options with { Pool = ["pgd", "mt", "square"], Epsilon = 0.1, MaxComplexity = budget };
        var completion = new PolicyCompletion(new PolicySpace(Norm.LInf, options.Pool, 3, 16, budget), model, options);
        AttackPolicy found = completion.Complete(AttackPolicy.Parse("pgd(t=5)"), examples, default);
        int left = Left(found);
        Assert.InRange(found.Build(Norm.LInf, 0.1).Complexity, 5, budget ?? double.PositiveInfinity);
        if (budget is null)
        {
            Assert.Contains(found.Stages, s => s.Attack == "square");
            Assert.All(["pgd(t=16)", "mt(t=16)", "square(queries=5000)"], p => Assert.True(left <= Left(AttackPolicy.Parse(p)), p));
        }

        // What nothing breaks more of stays as it is.
        Assert.Same(found, completion.Complete(found, examples, default));

        int Left(AttackPolicy policy)
        {
            using AttackResult result = policy.Build(Norm.LInf, 0.1, options.Seed + 1, options.BatchSize).Run(model, examples.Inputs, examples.Labels);
            return result.Success.Count(s => !s);
        }
    }

    [Theory]
    [InlineData(Norm.LInf)]
    [InlineData(Norm.L2)]
    [InlineData(Norm.L1)]
    public void A_search_begins_with_what_AutoAttack_consists_of(Norm norm)
    {
        var space = new PolicySpace(norm, [], 3, null);
        PolicyGenome? genome = space.Nearest(AttackPolicy.Parse("mt(t=100) | fab-t(t=100) | square(queries=5000)"));
        Assert.Equal("mt(t=100) | fab-t(t=100) | square(queries=5000)", (space.Policy(genome!) with { Norm = null }).ToString());
        // The queries of a level and the level of queries are each other's inverse.
        for (int level = 1; level <= PolicyGene.Levels; level++)
        {
            AttackPolicy policy = space.Policy(space.Repair(new([new("square", PolicyGene.Levels, level), new(PolicyGene.Identity, 1, 1), new(PolicyGene.Identity, 1, 1)])));
            Assert.Equal(Math.Round(5000.0 * level * level / 64), policy.Stages[0].Settings["queries"]);
            Assert.Equal(policy, space.Policy(space.Nearest(policy)!));
        }
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
            // Dearer is stronger; two of one price may be equally strong.
            int dearer = free.Front[i].Complexity.CompareTo(free.Front[i - 1].Complexity);
            Assert.InRange(dearer, 0, 1);
            Assert.Equal(dearer, free.Front[i - 1].SearchRobust.CompareTo(free.Front[i].SearchRobust));
        }

        Assert.Equal(free.Front.MinBy(c => (c.SelectionRobust, c.SearchRobust)), new PolicySearch(Options with { Complete = false }).Run(model, search, selection).Selected);
        Assert.True(free.Selected.SearchRobust <= free.Front.Min(c => c.SearchRobust) + 1e-12 || free.Front.Contains(free.Selected));
        double budget = free.Front[0].Complexity;
        PolicySearchResult poor = new PolicySearch(Options with { MaxComplexity = budget }).Run(model, search, selection);
        // A search that breeds under a budget may find what a free one passed over.
        Assert.All(poor.Front, c => Assert.InRange(c.Complexity, 0, budget));
        Assert.InRange(poor.Selected.Complexity, 0, budget);
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

    /// <summary>Logits (0, w·s - w·c) of stairs s = round(8x)/8 about the middle c of the box, and a slope against them that no value shows.</summary>
    private sealed class Stairs(Tensor w) : IDifferentiableClassifier
    {
        public int ClassCount => 2;

        public IReadOnlyList<long> InputShape => [w.shape[0]];

        public InputBounds Bounds => InputBounds.Unit;

        public Tensor Logits(Tensor inputs)
        {
            Tensor margin = ((inputs * 8).round().detach() / 8 - 0.5).matmul(w) - 1e-4 * (inputs - 0.5).matmul(w);
            return torch.stack([torch.zeros_like(margin), margin], 1);
        }

        public Tensor Probabilities(Tensor inputs) => Logits(inputs).detach().softmax(1);

        public Tensor Predict(Tensor inputs) => Logits(inputs).detach().argmax(1);
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
