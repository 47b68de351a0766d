using Espalier.Onnx.Graph;

namespace Espalier.Onnx.Conversions;

/// <summary>A module that says itself how it is written in ONNX.</summary>
public interface IOnnxExportable
{
    /// <summary>Adds the nodes of this module's <c>forward</c> in evaluation mode.</summary>
    /// <param name="graph">Takes the nodes; its current module is this one, so that children can be called by name.</param>
    /// <param name="input">What <c>forward</c> takes.</param>
    /// <returns>What <c>forward</c> returns.</returns>
    OnnxValue Export(OnnxGraph graph, OnnxValue input);
}
