using Espalier.Errors;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;
using Espalier.Robustness.Search;

namespace Espalier.Recipes.Search;

/// <summary>How an attack policy is searched and what it is compared with.</summary>
public sealed record PolicySearchAuditOptions
{
    /// <summary>The baseline that draws as many policies at random.</summary>
    public const string Random = "random";

    /// <summary>The search.</summary>
    public PolicySearchOptions Search { get; init; } = new();

    /// <summary>Training samples that policies are bred on, and as many others that one is chosen by.</summary>
    public int SearchSamples { get; init; } = 100;

    /// <summary>Training samples that both are taken from, the first ones in a random order; 80 for each of <see cref="SearchSamples"/> where null.</summary>
    public int? Candidates { get; init; }

    /// <summary>Test samples that results are reported on, the first ones; all where null.</summary>
    public int? ReportSamples { get; init; }

    /// <summary>
    /// Policies to compare with, by name, file or text; <see cref="Random"/> is a random search. AutoAttack and the published policy
    /// where not given, <c>sparse</c> in L0, which those have not.
    /// </summary>
    public IReadOnlyList<string> Baselines { get => field ?? (Search.Norm == Norm.L0 ? ["sparse"] : ["autoattack", "caa"]); init; } = null!;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    /// <exception cref="NotFoundException">A baseline does not exist.</exception>
    public void Validate()
    {
        Search.Validate();
        OptionsException.Require(SearchSamples >= 4, nameof(SearchSamples), SearchSamples, "must be at least 4");
        OptionsException.Require(Candidates is null || Candidates >= 2 * SearchSamples, nameof(Candidates), Candidates, "must be at least twice searchSamples");
        OptionsException.Require(ReportSamples is null or >= 1, "samples", ReportSamples, "must be at least 1");
        foreach (string baseline in Baselines.Where(b => b != Random))
            AttackPolicy.Open(baseline, Search.Norm);
    }
}
