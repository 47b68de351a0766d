using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Search;

/// <summary>Options of <see cref="PolicySearch"/>; the defaults fit two cores and minutes.</summary>
public sealed record PolicySearchOptions
{
    /// <summary>What measures a change.</summary>
    public Norm Norm { get; init; } = Norm.LInf;

    /// <summary>The largest change, in the inputs' unit; in L0 a number of pixels, of which a stage's share is rounded down to one at least.</summary>
    public double Epsilon { get; init; } = 8 / 255.0;

    /// <summary>The most stages of a policy.</summary>
    public int Stages { get; init; } = 3;

    /// <summary>Names of the attacks that policies are made of; where empty, those of the norm:
    /// the paper's and those that AutoAttack consists of, FAB-T and Square among them.</summary>
    public IReadOnlyList<string> Pool { get; init; } = [];

    /// <summary>The most steps of a stage; where null 200, of DDN and CW-L2 1,000; of FAB and FAB-T never more than 100.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>The most nominal gradients per example of a policy; costlier ones are not bred. Null is any number.</summary>
    public double? MaxComplexity { get; init; }

    /// <summary>Policies that live at a time, K.</summary>
    public int Population { get; init; } = 20;

    /// <summary>Generations G after the first.</summary>
    public int Generations { get; init; } = 10;

    /// <summary>Whether the published policy of the norm, and AutoAttack without its first stage, are among the first; of no attack otherwise than by chance where not.</summary>
    public bool SeedPublished { get; init; } = true;

    /// <summary>
    /// Whether the policy that was found gets further stages where an attack of the pool, at its most steps, breaks what stands under it among all search and
    /// selection examples. Adds strength where a kind of attack is missing, and cost there only. Default: yes.
    /// </summary>
    public bool Complete { get; init; } = true;

    /// <summary>Whether policies are drawn at random instead, as many as NSGA-II would evaluate: what a search must beat.</summary>
    public bool RandomSearch { get; init; }

    /// <summary>Policies evaluated at the same time, each with one thread.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>How many samples are attacked at once.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>The master seed.</summary>
    public int Seed { get; init; }

    /// <summary>A file that the search's state is kept in, so that a killed search goes on; null keeps nothing.</summary>
    public string? StatePath { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Enum.IsDefined(Norm), nameof(Norm), Norm, "must be LInf, L2, L1 or L0");
        OptionsException.Require(Epsilon > 0 && double.IsFinite(Epsilon), nameof(Epsilon), Epsilon, "must be finite and above 0");
        OptionsException.Require(Norm != Norm.L0 || Epsilon >= 1, nameof(Epsilon), Epsilon, "must be at least 1 under L0: it is a number of pixels");
        OptionsException.Require(Stages >= 1, nameof(Stages), Stages, "must be at least 1");
        OptionsException.Require(MaxSteps is null or >= 8, nameof(MaxSteps), MaxSteps, "must be at least 8, one per level");
        OptionsException.Require(MaxComplexity is null or > 0, nameof(MaxComplexity), MaxComplexity, "must be above 0");
        OptionsException.Require(Population >= 2, nameof(Population), Population, "must be at least 2");
        OptionsException.Require(Generations >= 0, nameof(Generations), Generations, "must not be negative");
        OptionsException.Require(Workers >= 1, nameof(Workers), Workers, "must be at least 1");
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
    }
}
