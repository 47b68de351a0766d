using System.Globalization;
using Espalier.Randomness;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Search;

/// <summary>
/// The policies that are searched: N stages of a pool's attacks at eight levels of radius and of steps, at least one of them
/// at the whole radius, or the budget would not be used (caa.md 1.3). Queries of attacks on scores rise with the square of the level,
/// from 78 to 5,000, so that the least of them fit into a small budget.
/// </summary>
internal sealed class PolicySpace
{
    private const int MostSteps = 200;
    private const int MostSlowSteps = 1000;
    private const int MostBoundarySteps = 100;
    private const int MostQueries = 5000;
    private const int MostSeverity = 5;
    private const int ReflectedStep = 2;

    // Beside the paper's attacks those of AutoAttack: a pool of gradients in the ball alone is blind where these mislead. CW-L2, in the
    // paper's pool of L2, gives way to DDN, which finds the same at a tenth of the cost.
    private static readonly string[] s_linf = ["fgsm", "pgd", "mi", "cw", "apgd-dlr", "odi-cos", "odi-cyclical", "odi-step", "mt", "fab-t", "square"];
    private static readonly string[] s_l2 = ["pgd", "mi", "cw", "apgd-dlr", "apgd-t", "mt", "ddn", "fab-t", "square"];
    private static readonly string[] s_l1 = ["pgd", "mi", "cw", "apgd-ce", "apgd-dlr", "apgd-t", "mt", "fab-t", "square"];
    private static readonly string[] s_l0 = ["pgd0", "sigma-zero", "jsma", "sparse-rs"];

    private readonly string[] _pool;
    private readonly int _stages;
    private readonly int _mostSteps;
    private readonly double _mostComplexity;

    /// <param name="norm">What measures a change.</param>
    /// <param name="pool">Names of attacks; those of the norm where empty.</param>
    /// <param name="stages">Stages N of a policy.</param>
    /// <param name="mostSteps">The most steps of an attack; null is each attack's own.</param>
    /// <param name="mostComplexity">The most nominal gradients of a policy; null is any number.</param>
    public PolicySpace(Norm norm, IReadOnlyList<string> pool, int stages, int? mostSteps, double? mostComplexity = null)
    {
        Norm = norm;
        _pool = [.. pool.Count > 0 ? pool : norm switch { Norm.LInf => s_linf, Norm.L2 => s_l2, Norm.L0 => s_l0, _ => s_l1 }];
        foreach (string name in _pool)
            AttackCatalog.Find(name).Require(norm);
        (_stages, _mostSteps, _mostComplexity) = (stages, mostSteps ?? MostSteps, mostComplexity ?? double.PositiveInfinity);
        IsStepsGiven = mostSteps is not null;
    }

    public Norm Norm { get; }

    public IReadOnlyList<string> Pool => _pool;

    private bool IsStepsGiven { get; }

    public PolicyGenome Draw(ref SplitMix64 random)
    {
        var genes = new PolicyGene[_stages];
        for (int i = 0; i < genes.Length; i++)
            genes[i] = new PolicyGene(AnyAttack(null, ref random), 1 + random.NextBelow(PolicyGene.Levels), 1 + random.NextBelow(PolicyGene.Levels));
        return new PolicyGenome(genes);
    }

    /// <summary>Whole genes are swapped, each with probability one half: levels belong to their attack.</summary>
    public static (PolicyGenome First, PolicyGenome Second) Cross(PolicyGenome first, PolicyGenome second, ref SplitMix64 random)
    {
        PolicyGene[] one = [.. first.Genes];
        PolicyGene[] other = [.. second.Genes];
        for (int i = 0; i < one.Length; i++)
        {
            if (random.NextBernoulli(0.5))
                (one[i], other[i]) = (other[i], one[i]);
        }

        return (new(one), new(other));
    }

    /// <summary>Each of the 3N numbers changes with probability 1/(3N): another attack, a level one or two up or down.</summary>
    public PolicyGenome Mutate(PolicyGenome genome, ref SplitMix64 random)
    {
        PolicyGene[] genes = [.. genome.Genes];
        double rate = 1.0 / (3 * genes.Length);
        for (int i = 0; i < genes.Length; i++)
        {
            PolicyGene gene = genes[i];
            if (random.NextBernoulli(rate))
                gene = gene with { Attack = AnyAttack(gene.Attack, ref random) };
            if (random.NextBernoulli(rate))
                gene = gene with { Magnitude = Moved(gene.Magnitude, ref random) };
            if (random.NextBernoulli(rate))
                gene = gene with { Steps = Moved(gene.Steps, ref random) };
            genes[i] = gene;
        }

        return new(genes);
    }

    /// <summary>
    /// Identities go to the end, levels that mean nothing are put to one, the strongest stage gets the whole radius, and of what costs
    /// too much the costliest stage is shortened, level by level, and left out where it is as short as it can be; the last of them gives
    /// way to the cheapest attack of the pool.
    /// </summary>
    public PolicyGenome Repair(PolicyGenome genome)
    {
        PolicyGenome repaired = Regular(genome);
        while (Complexity(repaired) > _mostComplexity)
        {
            PolicyGene[] genes = [.. repaired.Genes];
            int costliest = Enumerable.Range(0, genes.Length).MaxBy(i => Complexity(new([genes[i]])));
            PolicyGene gene = genes[costliest];
            bool isAlone = genes.Count(g => g.Attack != PolicyGene.Identity) == 1;
            PolicyGene? shorter = gene.Steps > 1 ? gene with { Steps = gene.Steps - 1 } : isAlone ? Cheapest(gene.Attack) : new(PolicyGene.Identity, 1, 1);
            if (shorter is null)
                return repaired;
            genes[costliest] = shorter;
            repaired = Regular(new(genes));
        }

        return repaired;
    }

    private PolicyGene? Cheapest(string except)
    {
        PolicyGene cheapest = _pool.Select(a => new PolicyGene(a, PolicyGene.Levels, 1)).MinBy(g => Complexity(new([g])))!;
        return cheapest.Attack == except ? null : cheapest;
    }

    private double Complexity(PolicyGenome genome) =>
        genome.Genes.All(g => g.Attack == PolicyGene.Identity) ? 0 : Policy(genome).Build(Norm, 1).Complexity;

    /// <summary>
    /// FAB measures changes from where it begins, and Square draws its first from there: both break other inputs than ascents do where
    /// they begin at the clean one. So a policy with either is a union, whose stages all begin there and all have the whole radius.
    /// </summary>
    private static bool StartsAnew(PolicyGene gene) => gene.Attack is "fab" or "fab-t" or "square";

    private PolicyGenome Regular(PolicyGenome genome)
    {
        PolicyGene[] genes = [.. genome.Genes.OrderBy(g => g.Attack == PolicyGene.Identity).Select(Plain)];
        if (genes[0].Attack == PolicyGene.Identity)
            genes[0] = Plain(new PolicyGene(_pool[0], PolicyGene.Levels, genes[0].Steps));
        int[] active = [.. Enumerable.Range(0, genes.Length).Where(i => genes[i].Attack != PolicyGene.Identity)];
        if (genes.Any(StartsAnew))
        {
            foreach (int i in active)
                genes[i] = genes[i] with { Magnitude = PolicyGene.Levels };
        }

        if (AttackCatalog.Find(genes[0].Attack).IsBounded && active.All(i => genes[i].Magnitude < PolicyGene.Levels))
        {
            int strongest = active.MaxBy(i => genes[i].Magnitude);
            genes[strongest] = genes[strongest] with { Magnitude = PolicyGene.Levels };
        }

        return new(genes);

        PolicyGene Plain(PolicyGene gene) => gene.Attack == PolicyGene.Identity ? new(gene.Attack, 1, 1)
            : AttackCatalog.Find(gene.Attack).Steps is null && !AttackCatalog.Find(gene.Attack).Settings.Contains("queries") ? gene with { Steps = 1 } : gene;
    }

    public static string Key(PolicyGenome genome) => string.Join(" > ", genome.Genes.Where(g => g.Attack != PolicyGene.Identity)
        .Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Attack}({g.Magnitude}/8, {g.Steps}/8)")));

    /// <summary>The policy that a genome stands for.</summary>
    public AttackPolicy Policy(PolicyGenome genome) => new()
    {
        Norm = Norm,
        Mode = genome.Genes.Any(StartsAnew) && genome.Genes.Count(g => g.Attack != PolicyGene.Identity) > 1 ? ChainMode.Union : ChainMode.Best,
        Stages = [.. genome.Genes.Where(g => g.Attack != PolicyGene.Identity).Select(Stage)],
    };

    /// <summary>Each attack of the pool at the whole radius and its most steps or queries.</summary>
    public IEnumerable<PolicyStage> Strongest() => _pool.Select(a => Stage(new PolicyGene(a, PolicyGene.Levels, PolicyGene.Levels)));

    /// <summary>The genome nearest to a policy, or null where it has more stages or other attacks.</summary>
    public PolicyGenome? Nearest(AttackPolicy policy)
    {
        if (policy.Stages.Count > _stages || !policy.Stages.All(s => _pool.Contains(s.Attack)))
            return null;
        IEnumerable<PolicyGene> genes = policy.Stages.Select(s => new PolicyGene(s.Attack, Level(s.Share),
            s.Settings.TryGetValue("queries", out double queries) ? Level(Math.Sqrt(queries / MostQueries)) : Level((s.Steps ?? Most(s.Attack)) / (double)Most(s.Attack))));
        return Repair(new([.. genes, .. Enumerable.Repeat(new PolicyGene(PolicyGene.Identity, 1, 1), _stages - policy.Stages.Count)]));
    }

    private static int Level(double share) => Math.Clamp((int)Math.Round(share * PolicyGene.Levels), 1, PolicyGene.Levels);

    private PolicyStage Stage(PolicyGene gene)
    {
        AttackInfo info = AttackCatalog.Find(gene.Attack);
        double share = gene.Steps / (double)PolicyGene.Levels;
        var settings = new Dictionary<string, double>();
        if (info.Settings.Contains("queries"))
            settings["queries"] = Math.Max(1, Math.Round(share * share * MostQueries));
        // Where a chained stage begins nothing is random: a second start would be the first.
        if (info.Name == "pgd0")
            settings["restarts"] = 1;
        if (info.Settings.Contains("severity"))
            settings["severity"] = Math.Max(1, Math.Round(gene.Magnitude / (double)PolicyGene.Levels * MostSeverity));
        return new PolicyStage
        {
            Attack = gene.Attack,
            Share = info.IsBounded ? gene.Magnitude / (double)PolicyGene.Levels : 1,
            Steps = info.Steps is null ? null : Math.Max(1, (int)Math.Round(share * Most(gene.Attack))),
            Settings = settings,
        };
    }

    private int Most(string attack) => attack switch
    {
        "ddn" or "cw-l2" when !IsStepsGiven => MostSlowSteps,
        "fab" or "fab-t" => Math.Min(_mostSteps, MostBoundarySteps),
        _ => _mostSteps,
    };

    private string AnyAttack(string? except, ref SplitMix64 random)
    {
        string[] choices = [.. _pool.Append(PolicyGene.Identity).Where(a => a != except)];
        return choices[random.NextBelow(choices.Length)];
    }

    private static int Moved(int level, ref SplitMix64 random)
    {
        int moved = level + ((1 + random.NextBelow(ReflectedStep)) * (random.NextBernoulli(0.5) ? 1 : -1));
        return moved < 1 ? 2 - moved : moved > PolicyGene.Levels ? (2 * PolicyGene.Levels) - moved : moved;
    }
}
