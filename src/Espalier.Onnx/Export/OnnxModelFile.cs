using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Espalier.Onnx.Graph;
using global::Onnx;
using Google.Protobuf;

namespace Espalier.Onnx.Export;

/// <summary>Writes a graph with its weights, inside the file or streamed beside it.</summary>
internal static partial class OnnxModelFile
{
    public const int Opset = 17;

    /// <summary>The version of the format that came with opset 17: older runtimes read it too.</summary>
    private const int IrVersion = 8;

    /// <summary>What a memory-mapped reader wants of an offset.</summary>
    private const int Alignment = 4096;

    /// <summary>
    /// The name of a file that holds the weights of another: with the first digits of a checksum of the content, so that new weights never
    /// take the place of those that an older model refers to.
    /// </summary>
    private static string DataName(string modelName, string checksum) => $"{modelName}.{checksum[..8]}.data";

    /// <summary>The files beside a model that hold, or held, its weights.</summary>
    public static IEnumerable<string> DataFiles(string model) =>
        Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(model))!, System.IO.Path.GetFileName(model) + ".*data")
            .Where(f => DataPattern().IsMatch(System.IO.Path.GetFileName(f)[System.IO.Path.GetFileName(model).Length..]));

    [GeneratedRegex(@"^\.([0-9a-f]{8}\.)?data$")]
    private static partial Regex DataPattern();

    /// <summary>Writes a model.</summary>
    /// <returns>The name of the file beside it that holds the weights, or null where they are inside.</returns>
    public static string? Write(string path, GraphProto graph, IEnumerable<(string Name, Tensor Tensor)> initializers, OnnxExportOptions options)
    {
        (string Name, Tensor Tensor)[] all = [.. initializers];
        bool external = all.Sum(i => Bytes(i.Tensor)) > options.ExternalDataThreshold;
        string? beside = external ? DataName(System.IO.Path.GetFileName(path), Checksum(all)) : null;
        using (FileStream? data = beside is null ? null : File.Create(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, beside)))
        {
            foreach ((string name, Tensor tensor) in all)
                graph.Initializer.Add(data is null ? Inside(name, tensor) : Beside(name, tensor, data, beside!));
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
        return beside;
    }

    private static string Checksum(IEnumerable<(string Name, Tensor Tensor)> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, Tensor tensor) in tensors)
        {
            using var scope = torch.NewDisposeScope();
            hash.AppendData(Encoding.UTF8.GetBytes($"{name} {tensor.dtype} [{string.Join(",", tensor.shape)}]\n"));
            if (tensor.numel() > 0)
                hash.AppendData(tensor.detach().cpu().contiguous().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
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
