using Espalier.Errors;

namespace Espalier.Onnx.Export;

/// <summary>A module cannot be exported to ONNX, or its export does not compute what the module does.</summary>
public sealed class OnnxExportException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="layer">Where the module stands in the tree of the exported one, such as <c>blocks.3.attn</c>; empty for the root.</param>
    /// <param name="moduleType">The module's type.</param>
    /// <param name="problem">Why it cannot be exported.</param>
    /// <param name="remedy">What to do.</param>
    /// <param name="inner">What it was caused by.</param>
    public OnnxExportException(string layer, Type moduleType, string problem, string remedy, Exception? inner = null)
        : base($"{(layer.Length == 0 ? "the model" : $"layer '{layer}'")} ({moduleType.Name}) cannot be exported to ONNX: {problem}", remedy, inner)
    {
        Layer = layer;
        ModuleType = moduleType;
    }

    /// <summary>Where the module stands in the tree; empty for the root.</summary>
    public string Layer { get; }

    /// <summary>The module's type.</summary>
    public Type ModuleType { get; }
}
