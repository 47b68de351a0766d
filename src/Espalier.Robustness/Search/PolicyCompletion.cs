using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Policies;

namespace Espalier.Robustness.Search;

/// <summary>
/// Adds to a searched policy what its pool still breaks. A policy of a few stages may leave out a kind of attack that breaks one example of a
/// hundred, which a hundred examples rarely show. So each attack of the pool, at the whole radius and its most steps, is run on what stands under the
/// policy, of all examples; the one that breaks most is added, until nothing breaks more or the budget is reached.
/// </summary>
internal sealed class PolicyCompletion(PolicySpace space, IClassifier classifier, PolicySearchOptions options)
{
    private readonly double _mostComplexity = options.MaxComplexity ?? double.PositiveInfinity;

    /// <summary>The policy, with further stages where they break more.</summary>
    /// <param name="policy">What was found.</param>
    /// <param name="examples">Search and selection examples together.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The policy itself where nothing breaks more.</returns>
    public AttackPolicy Complete(AttackPolicy policy, PolicyExamples examples, CancellationToken cancellationToken)
    {
        bool[] standing = Standing(policy, examples, cancellationToken);
        int before = standing.Count(s => s);
        if (before == 0)
            return policy;
        AttackPolicy completed = policy;
        List<(PolicyStage Stage, bool[] Broken)> breaking = [.. space.Strongest().Select(s => (s, Broken(s, examples, standing, cancellationToken))).Where(s => s.Item2.Any(b => b))];
        while (breaking.Count > 0)
        {
            (PolicyStage stage, bool[] broken) = breaking.MaxBy(b => b.Broken.Count(x => x));
            AttackPolicy longer = completed with { Stages = [.. completed.Stages, stage] };
            breaking.RemoveAll(b => ReferenceEquals(b.Broken, broken));
            if (!broken.Any(b => b) || longer.Build(options.Norm, options.Epsilon).Complexity > _mostComplexity)
                continue;
            completed = longer;
            foreach ((PolicyStage _, bool[] others) in breaking)
            {
                for (int i = 0; i < others.Length; i++)
                    others[i] &= !broken[i];
            }
        }

        if (ReferenceEquals(completed, policy))
            return policy;

        // What was added begins at the clean input, the stages of a chain where the one before ended: which of both is stronger as a whole is tried.
        AttackPolicy union = completed with { Mode = ChainMode.Union, Stages = [.. completed.Stages.Select(s => s with { Share = 1 })] };
        return new[] { policy, completed, union }
            .Select(p => (Policy: p, Left: ReferenceEquals(p, policy) ? before : Standing(p, examples, cancellationToken).Count(s => s), p.Build(options.Norm, options.Epsilon).Complexity))
            .Where(p => ReferenceEquals(p.Policy, policy) || p.Complexity <= _mostComplexity)
            .MinBy(p => (p.Left, p.Complexity)).Policy;
    }

    private bool[] Standing(AttackPolicy policy, PolicyExamples examples, CancellationToken cancellationToken)
    {
        using AttackResult result = policy.Build(options.Norm, options.Epsilon, options.Seed + 1, options.BatchSize).Run(classifier, examples.Inputs, examples.Labels, cancellationToken: cancellationToken);
        return [.. Enumerable.Range(0, result.Count).Select(i => result.OriginallyCorrect[i] && !result.Success[i])];
    }

    private bool[] Broken(PolicyStage stage, PolicyExamples examples, bool[] standing, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        int[] rows = [.. Enumerable.Range(0, standing.Length).Where(i => standing[i])];
        Tensor index = torch.tensor(rows.Select(r => (long)r).ToArray(), device: examples.Inputs.device);
        var alone = new AttackPolicy { Norm = options.Norm, Stages = [stage] };
        using AttackResult result = alone.Build(options.Norm, options.Epsilon, options.Seed + 1, options.BatchSize)
            .Run(classifier, examples.Inputs.index_select(0, index), examples.Labels.index_select(0, index), cancellationToken: cancellationToken);
        bool[] broken = new bool[standing.Length];
        for (int i = 0; i < rows.Length; i++)
            broken[rows[i]] = result.Success[i];
        return broken;
    }
}
