using System.Globalization;
using global::Onnx;
using Google.Protobuf;

namespace Espalier.Onnx;

/// <summary>Writes a graph with its weights, inside the file or streamed beside it.</summary>
internal static class OnnxModelFile
{
    public const int Opset = 17;

    /// <summary>The version of the format that came with opset 17: older runtimes read it too.</summary>
    private const int IrVersion = 8;

    /// <summary>What a memory-mapped reader wants of an offset.</summary>
    private const int Alignment = 4096;

    /// <summary>The name of the file that holds the weights of another.</summary>
    public static string DataName(string modelName) => modelName + ".data";

    public static bool Write(string path, GraphProto graph, IEnumerable<(string Name, Tensor Tensor)> initializers, OnnxExportOptions options)
    {
        (string Name, Tensor Tensor)[] all = [.. initializers];
        bool external = all.Sum(i => Bytes(i.Tensor)) > options.ExternalDataThreshold;
        using (FileStream? data = external ? File.Create(path + ".data") : null)
        {
            foreach ((string name, Tensor tensor) in all)
                graph.Initializer.Add(data is null ? Inside(name, tensor) : Beside(name, tensor, data, DataName(System.IO.Path.GetFileName(path))));
            data?.Flush(flushToDisk: true);
        }

        var model = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "Espalier",
            ProducerVersion = typeof(OnnxModelFile).Assembly.GetName().Version?.ToString(3) ?? "",
            Graph = graph,
        };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = Opset });
        foreach ((string key, string value) in options.Metadata)
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        using FileStream file = File.Create(path);
        using (var output = new CodedOutputStream(file, leaveOpen: true))
            model.WriteTo(output);
        file.Flush(flushToDisk: true);
        return external;
    }

    private static TensorProto Inside(string name, Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        TensorProto proto = Described(name, tensor);
        proto.RawData = tensor.numel() == 0 ? ByteString.Empty : ByteString.CopyFrom(tensor.detach().cpu().contiguous().bytes);
        return proto;
    }

    private static TensorProto Beside(string name, Tensor tensor, FileStream data, string location)
    {
        using var scope = torch.NewDisposeScope();
        TensorProto proto = Described(name, tensor);
        data.SetLength((data.Length + Alignment - 1) / Alignment * Alignment);
        data.Position = data.Length;
        proto.DataLocation = TensorProto.Types.DataLocation.External;
        Add("location", location);
        Add("offset", data.Position.ToString(CultureInfo.InvariantCulture));
        Add("length", Bytes(tensor).ToString(CultureInfo.InvariantCulture));
        if (tensor.numel() > 0)
            data.Write(tensor.detach().cpu().contiguous().bytes);
        return proto;

        void Add(string key, string value) => proto.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    private static TensorProto Described(string name, Tensor tensor)
    {
        var proto = new TensorProto { Name = name, DataType = (int)OnnxElement.Of(tensor.dtype) };
        proto.Dims.AddRange(tensor.shape);
        return proto;
    }

    private static long Bytes(Tensor tensor) => tensor.numel() * tensor.ElementSize;
}
