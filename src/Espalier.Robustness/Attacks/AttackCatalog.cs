namespace Espalier.Robustness;

/// <summary>The attacks that have names.</summary>
public static class AttackCatalog
{
    internal static string Suggest(Access offered) => offered == Access.Scores ? "take square, spsa, simba or a corruption" : "take hop-skip-jump, boundary, spatial or a corruption";
}
