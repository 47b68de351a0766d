using System.Reflection;

namespace Espalier.Tests.Architecture;

/// <summary>The product's assemblies, by the part they play.</summary>
internal static class Product
{
    public static Assembly Core { get; } = typeof(EspalierException).Assembly;

    public static Assembly Networks { get; } = typeof(Espalier.Networks.ModelZoo).Assembly;

    public static Assembly[] Areas { get; } =
    [
        Networks,
        typeof(Espalier.Language.Tokenizer).Assembly,
        typeof(Espalier.Representation.ByolLoss).Assembly,
        typeof(Espalier.Robustness.Norm).Assembly,
        typeof(Espalier.Anomaly.Detector).Assembly,
        typeof(Espalier.Counterfactuals.Wachter).Assembly,
        typeof(Espalier.Distributed.MpiLaunch).Assembly,
        typeof(Espalier.Onnx.OnnxExporter).Assembly,
    ];

    public static Assembly Recipes { get; } = typeof(Espalier.Recipes.Recipe).Assembly;

    public static Assembly Cli { get; } = typeof(Espalier.Cli.Commands.GlobalSettings).Assembly;

    public static Assembly[] All { get; } = [Core, .. Areas, Recipes, Cli];
}
