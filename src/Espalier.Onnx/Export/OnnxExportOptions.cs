using Espalier.Errors;
using Espalier.Onnx.Conversions;

namespace Espalier.Onnx.Export;

/// <summary>How a module is exported to ONNX.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>The files' limit of protobuf, less what is not weights.</summary>
    private const long DefaultExternalDataThreshold = 2_000_000_000;

    /// <summary>What the model is called in the file.</summary>
    public string ModelName { get; init; } = "model";

    /// <summary>Names of the results, in order; <c>output</c>, <c>output2</c>, ... for those without one.</summary>
    public IReadOnlyList<string> OutputNames { get; init; } = ["logits"];

    /// <summary>What the file's <c>metadata_props</c> hold besides, such as labels.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>How module types are written.</summary>
    public OnnxConversions Conversions { get; init; } = OnnxConversions.Default;

    /// <summary>Bytes of weights from which on they are written beside the file, as <c>&lt;file&gt;.&lt;checksum&gt;.data</c>: protobuf ends at 2 GB.</summary>
    public long ExternalDataThreshold { get; init; } = DefaultExternalDataThreshold;

    /// <summary>The greatest absolute difference from the module's own results that is accepted, above 0.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Batch sizes of the random inputs on which both are compared.</summary>
    public IReadOnlyList<int> VerifiedBatchSizes { get; init; } = [1, 5];

    /// <summary>
    /// Whether a module without a conversion is refused. Default false: its composition is inferred from two runs, checked on random inputs and
    /// on inputs at the edges, and listed in <see cref="OnnxExportReport.Inferred"/>.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>The seed of the random inputs.</summary>
    public int Seed { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(OutputNames.All(n => n.Length > 0) && OutputNames.Distinct().Count() == OutputNames.Count, nameof(OutputNames), string.Join(", ", OutputNames), "must hold names that differ");
        OptionsException.Require(ExternalDataThreshold is >= 0 and <= DefaultExternalDataThreshold, nameof(ExternalDataThreshold), ExternalDataThreshold, $"must lie between 0 and {DefaultExternalDataThreshold}");
        OptionsException.Require(Tolerance > 0, nameof(Tolerance), Tolerance, "must be above 0");
        OptionsException.Require(VerifiedBatchSizes.Count > 0 && VerifiedBatchSizes.All(b => b >= 1), nameof(VerifiedBatchSizes), string.Join(", ", VerifiedBatchSizes), "must hold sizes of at least 1");
    }
}
