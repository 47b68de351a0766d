using Espalier.Robustness.Regions;

namespace Espalier.Recipes.Reports;

/// <summary>How norms are written for people.</summary>
internal static class Norms
{
    public static string Name(Norm norm) => norm switch
    {
        Norm.LInf => "L∞",
        Norm.L2 => "L2",
        _ => norm.ToString(),
    };

    /// <summary>What a radius is measured in, for axes.</summary>
    public static string Radius(Norm norm) => norm == Norm.L0 ? "changed pixels" : $"radius of the change, {Name(norm)}";
}
