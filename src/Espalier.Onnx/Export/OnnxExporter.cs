using Espalier.Errors;
using Espalier.Files;
using Espalier.Models;
using Espalier.Onnx.Conversions;
using Espalier.Onnx.Graph;
using Espalier.Onnx.Observation;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx.Export;

/// <summary>
/// Writes TorchSharp modules as ONNX files: opset 17, a batch dimension of any size, weights under the names of the state
/// dict. Before a file appears, ONNX Runtime must have computed from it what the module computes.
/// </summary>
public static class OnnxExporter
{
    /// <summary>How many tolerances results must move with the input for the check to mean something.</summary>
    private const double LeastVariation = 10;

    /// <summary>Exports a module that takes one tensor, like an example.</summary>
    /// <param name="module">The module; its mode and weights are left as they are.</param>
    /// <param name="path">The file; replaced at once or not at all.</param>
    /// <param name="example">[batch, ...]: shows shape, type and range of the input.</param>
    /// <param name="options">How.</param>
    /// <exception cref="OnnxExportException">A layer has no conversion, or the file does not compute what the module does. No file is written.</exception>
    public static OnnxExportReport Export(Module module, string path, Tensor example, OnnxExportOptions? options = null) =>
        Export(module, path, [OnnxInput.Like("input", example)], options);

    /// <summary>Exports a module.</summary>
    /// <param name="module">The module; its mode and weights are left as they are.</param>
    /// <param name="path">The file; replaced at once or not at all.</param>
    /// <param name="inputs">What its <c>forward</c> takes.</param>
    /// <param name="options">How.</param>
    /// <exception cref="OnnxExportException">A layer has no conversion, or the file does not compute what the module does. No file is written.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public static OnnxExportReport Export(Module module, string path, IReadOnlyList<OnnxInput> inputs, OnnxExportOptions? options = null)
    {
        options ??= new();
        options.Validate();
        OptionsException.Require(inputs.Count is >= 1 and <= 3, nameof(inputs), inputs.Count, "must describe one to three inputs");
        foreach (OnnxInput input in inputs.Where(i => i.IsSequence))
            OptionsException.Require(input.Shape.Count > 0 && input.Shape[0] >= 1, nameof(inputs), OnnxValue.Text(input.Shape), $"must hold the greatest number of tokens first: '{input.Name}' leaves it open");
        using ModuleModes modes = ModuleModes.Evaluate(module);
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var call = new ModuleCall(module, inputs, options.Seed);

        // What the module does not take is refused before any conversion trips over it.
        call.Run(call.RandomInputs(1, stream: 99));
        RequireLengths(call);
        using ModuleObservations observations = ModuleObservations.Of(module, options.Conversions, call.Observe);
        using var graph = new OnnxGraph(module, options.Conversions, observations) { Strict = options.Strict };
        OnnxValue[] values = [.. inputs.Select(i => graph.Input(i.Name, i.Type, i.OpenShape))];
        IReadOnlyList<OnnxValue> results = graph.CallMany(module, values);
        int nodes = graph.NodeCount;
        var proto = graph.Finish(options.ModelName, [.. results.Take(call.OutputCount).Select((r, i) => (r, NameOfOutput(options, i)))]);
        string[] initializers = [.. graph.Initializers.Select(i => i.Name)];
        return Written(path, temporary =>
        {
            string? data = OnnxModelFile.Write(temporary, proto, graph.Initializers, options);
            OnnxVerification check = OnnxVerification.Of(temporary, call, options, graph.Inferred.Count > 0);
            if (!(check.MaxDifference <= options.Tolerance))
            {
                throw new OnnxExportException("", module.GetType(), string.Create(System.Globalization.CultureInfo.InvariantCulture,
                    $"ONNX Runtime's results differ from the module's by up to {check.MaxDifference:0.###e+0}{check.At}, more than {options.Tolerance:0.###e+0}"),
                    graph.Inferred.Count > 0
                        ? $"write a conversion ({nameof(IOnnxExportable)}) for what was inferred: {string.Join(", ", graph.Inferred)}"
                        : "look for a layer whose conversion is wrong, or for results that depend on the batch");
            }

            return new OnnxExportReport(path, 0, data is not null, OnnxModelFile.Opset, nodes, initializers, check.MaxDifference) { Variation = check.Variation, Warnings = Warnings(check, options), Inferred = [.. graph.Inferred], DataFile = data };
        });
    }

    /// <summary>Refuses an open number of tokens where the module takes one number only.</summary>
    private static void RequireLengths(ModuleCall call)
    {
        foreach (long tokens in call.Lengths.Skip(1).Select(t => t!.Value))
        {
            try
            {
                call.Run(call.RandomInputs(1, stream: 98, tokens));
            }
            catch (EspalierException error)
            {
                throw new OnnxExportException("", call.Module.GetType(), $"it takes {call.Lengths[0]} tokens and no others: {error.Message}", "export it with a fixed number of tokens: IsSequence = false", error);
            }
        }
    }

    // A wrong conversion moves results by no more than they move at all: the smaller the tolerance is beside that, the more the check saw.
    private static string[] Warnings(OnnxVerification check, OnnxExportOptions options) => check.Variation >= LeastVariation * options.Tolerance || double.IsNaN(check.Variation) ? [] :
    [
        string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"the results hardly depend on the input: random ones change them by at most {check.Variation:0.##e+0}, and a difference of {options.Tolerance:0.##e+0} is accepted, so that the check says little; are these fresh weights? Export the trained network"),
    ];

    private static string NameOfOutput(OnnxExportOptions options, int index) =>
        index < options.OutputNames.Count ? options.OutputNames[index] : $"output{index + 1}";

    // The file is made in a folder of its own beside its place, because the external data's name stands inside it.
    private static OnnxExportReport Written(string path, Func<string, OnnxExportReport> write)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        Directory.CreateDirectory(folder);
        string hidden = Path.Combine(folder, "." + Path.GetFileName(full));
        TemporaryNames.RemoveStale(hidden);
        string temporary = TemporaryNames.For(hidden);
        Directory.CreateDirectory(temporary);
        try
        {
            string file = Path.Combine(temporary, Path.GetFileName(full));
            OnnxExportReport report = write(file);
            long bytes = Directory.GetFiles(temporary).Sum(f => new FileInfo(f).Length);

            // The weights first, under a name that no older model refers to: the model's own move changes both at once.
            if (report.DataFile is { } data)
                File.Move(Path.Combine(temporary, data), Path.Combine(folder, data), overwrite: true);
            File.Move(file, full, overwrite: true);
            foreach (string old in OnnxModelFile.DataFiles(full).Where(f => Path.GetFileName(f) != report.DataFile).ToArray())
                File.Delete(old);
            return report with { Bytes = bytes };
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }
}
