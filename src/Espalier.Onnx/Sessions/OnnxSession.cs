using Microsoft.ML.OnnxRuntime;

namespace Espalier.Onnx.Sessions;

/// <summary>An ONNX file in ONNX Runtime, called with tensors of TorchSharp.</summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession _session;

    /// <param name="path">The file.</param>
    /// <param name="threads">Threads of one operator; null lets the runtime choose those of TorchSharp.</param>
    public OnnxSession(string path, int? threads = null)
    {
        using var options = new SessionOptions { IntraOpNumThreads = threads ?? torch.get_num_threads(), InterOpNumThreads = 1 };

        // Idle threads that spin take the processor from libtorch's.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _session = new InferenceSession(path, options);
    }

    public IReadOnlyDictionary<string, NodeMetadata> Inputs => _session.InputMetadata;

    public IReadOnlyDictionary<string, NodeMetadata> Outputs => _session.OutputMetadata;

    public IReadOnlyDictionary<string, string> Metadata => _session.ModelMetadata.CustomMetadataMap;

    /// <summary>Runs the model.</summary>
    /// <param name="inputs">Each input with its name; contiguous or not.</param>
    /// <returns>All results in the file's order; the caller's scope's.</returns>
    public Tensor[] Run(IReadOnlyList<(string Name, Tensor Tensor)> inputs)
    {
        var values = new List<OrtValue>();
        using var runOptions = new RunOptions();
        try
        {
            foreach ((_, Tensor tensor) in inputs)
                values.Add(ToOrt(tensor));
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(runOptions, [.. inputs.Select(i => i.Name)], values, [.. _session.OutputNames]);
            return [.. results.Select(ToTorch)];
        }
        finally
        {
            foreach (OrtValue value in values)
                value.Dispose();
        }
    }

    public void Dispose() => _session.Dispose();

    private static OrtValue ToOrt(Tensor tensor)
    {
        using Tensor contiguous = tensor.detach().cpu().contiguous();
        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, OrtElement.Of(tensor.dtype), contiguous.shape);
        if (contiguous.numel() > 0)
            contiguous.bytes.CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    private static Tensor ToTorch(OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        Tensor tensor = torch.empty(info.Shape, dtype: OrtElement.Of(info.ElementDataType));
        if (tensor.numel() > 0)
            value.GetTensorMutableRawData().CopyTo(tensor.bytes);
        return tensor;
    }
}
