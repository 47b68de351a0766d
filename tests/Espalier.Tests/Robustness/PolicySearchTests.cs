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
        Assert.Equal(AttackPolicy.CaaL2.Stages, new PolicySpace(Norm.L2, [], 3, null).Policy(new PolicySpace(Norm.L2, [], 3, null).Nearest(AttackPolicy.CaaL2)!).Stages);
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
        Assert.Equal(free.Front[0], poor.Selected);
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
