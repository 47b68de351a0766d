using System.Reflection;

namespace Espalier.Tests.Architecture;

/// <summary>The product's assemblies and which of them each may know.</summary>
internal static class Product
{
    /// <summary>The areas, which do not know each other.</summary>
    public static IReadOnlyList<string> Areas => s_areas;

    private static readonly string[] s_areas = ["Representation", "Robustness", "Anomaly", "Counterfactuals", "Language", "Onnx"];

    /// <summary>The arrows of <c>docs/architecture.md</c>: the assemblies that each assembly may know directly. What those know, it may know too.</summary>
    private static readonly Dictionary<string, string[]> s_arrows = new()
    {
        ["Espalier"] = [],
        ["Espalier.Runs"] = ["Espalier"],
        ["Espalier.Distributed"] = ["Espalier"],
        ["Espalier.Data"] = ["Espalier"],
        ["Espalier.Training"] = ["Espalier.Data"],
        ["Espalier.Networks"] = ["Espalier.Training"],
        ["Espalier.Recipes"] = [.. s_areas.Select(a => "Espalier." + a), "Espalier.Runs"],
        ["Espalier.Reproductions"] = ["Espalier.Recipes"],
        ["Espalier.Cli"] = ["Espalier.Reproductions", "Espalier.Distributed"],
    };

    static Product()
    {
        foreach (string area in s_areas)
            s_arrows["Espalier." + area] = ["Espalier.Networks"];
        All = [.. s_arrows.Keys.Select(Assembly.Load)];
    }

    /// <summary>Names of all assemblies of the product.</summary>
    public static IReadOnlyCollection<string> Names => s_arrows.Keys;

    public static Assembly[] All { get; }

    /// <summary>The assemblies of the product that another one may know, itself among them.</summary>
    public static IReadOnlySet<string> Known(string name)
    {
        var known = new HashSet<string> { name };
        foreach (string next in s_arrows[name])
            known.UnionWith(Known(next));
        return known;
    }
}
