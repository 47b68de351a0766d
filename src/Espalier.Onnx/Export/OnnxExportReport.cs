namespace Espalier.Onnx.Export;

/// <summary>What an export wrote and how far it lies from the module.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bytes">Its size, with that of its external data.</param>
/// <param name="ExternalData">Whether the weights lie beside it, in <see cref="DataFile"/>.</param>
/// <param name="Opset">Version of the operator set.</param>
/// <param name="Nodes">Number of operators.</param>
/// <param name="Initializers">Names of the weights and constants, in the file's order.</param>
/// <param name="MaxDifference">The greatest absolute difference between ONNX Runtime's results and the module's own on random inputs.</param>
public sealed record OnnxExportReport(string Path, long Bytes, bool ExternalData, int Opset, int Nodes, IReadOnlyList<string> Initializers, double MaxDifference)
{
    /// <summary>
    /// How far the module's results for the random inputs of a batch lie apart, at most; NaN where no batch had two. Where it is no
    /// larger than the tolerance, as with fresh weights whose head is zero, the check cannot see a mistake.
    /// </summary>
    public double Variation { get; init; } = double.NaN;

    /// <summary>The name of the file beside it that holds the weights, <c>&lt;file&gt;.&lt;checksum&gt;.data</c>; null where they are inside.</summary>
    public string? DataFile { get; init; }

    /// <summary>Modules without a conversion, whose composition was inferred from observation: path and type of each, and how many values between its children were explained.</summary>
    public IReadOnlyList<string> Inferred { get; init; } = [];

    /// <summary>What the check could not see, for people; empty where there is nothing to say.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
