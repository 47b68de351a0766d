namespace Espalier.Robustness.Search;

/// <summary>One position of a searched policy (Mao et al. 2021; caa.md 1.3).</summary>
/// <param name="Attack">The attack's name; <see cref="Identity"/> does nothing, so that shorter policies can be expressed.</param>
/// <param name="Magnitude">Level 1..8: the radius is magnitude/8 of the policy's, the severity of a corruption in proportion.</param>
/// <param name="Steps">Level 1..8: the steps are steps/8 of the attack's most.</param>
public sealed record PolicyGene(string Attack, int Magnitude, int Steps)
{
    /// <summary>The attack that does nothing.</summary>
    public const string Identity = "identity";

    /// <summary>Number of levels.</summary>
    public const int Levels = 8;
}
