using System.IO.Compression;
using Espalier.Errors;

namespace Espalier.Networks.Checkpoints;

/// <summary>
/// A state dict that PyTorch's <c>torch.save</c> wrote (a zip archive, PyTorch 1.6 and newer). Its pickle is read, never run:
/// see <see cref="StateDictPickle"/>.
/// </summary>
internal sealed class PyTorchFile : WeightsFile
{
    private const long LongestPickle = 100_000_000;
    private static readonly byte[] Zip = [(byte)'P', (byte)'K', 3, 4];

    private readonly string _path;
    private readonly string _root;
    private readonly Dictionary<string, PickledTensor> _tensors;

    private PyTorchFile(string path, string root, Dictionary<string, PickledTensor> tensors) => (_path, _root, _tensors) = (path, root, tensors);

    public override IEnumerable<string> Names => _tensors.Keys;

    /// <summary>Whether a file is a zip archive.</summary>
    public static bool IsOne(string path)
    {
        using FileStream stream = File.OpenRead(path);
        Span<byte> start = stackalloc byte[4];
        int read = stream.ReadAtLeast(start, 4, throwOnEndOfStream: false);

        // Older files begin with the pickle of a magic number.
        if (read >= 2 && start[0] == 0x80 && start[1] is 2 && Path.GetExtension(path) is ".pth" or ".pt" or ".bin")
            throw new CheckpointException(path, "has PyTorch's format from before version 1.6", "load it in PyTorch and torch.save it again, or convert it to safetensors");
        return read == 4 && start.SequenceEqual(Zip);
    }

    public static new PyTorchFile Open(string path)
    {
        try
        {
            using ZipArchive archive = ZipFile.OpenRead(path);
            ZipArchiveEntry pickle = archive.Entries.FirstOrDefault(e => e.Name == "data.pkl")
                ?? throw Broken(path, "holds no data.pkl");
            string root = pickle.FullName[..^"data.pkl".Length];
            if (archive.GetEntry(root + "byteorder") is { } order && Text(order) is not "little")
                throw Broken(path, "has another byte order");
            if (pickle.Length > LongestPickle)
                throw Broken(path, $"has a pickle of {pickle.Length} bytes");
            byte[] bytes = new byte[pickle.Length];
            using (Stream stream = pickle.Open())
                stream.ReadExactly(bytes);
            Dictionary<string, PickledTensor> tensors = StateDictPickle.Read(path, bytes);
            foreach ((string name, PickledTensor tensor) in tensors)
                Check(path, archive, root, name, tensor);
            return new PyTorchFile(path, root, tensors);
        }
        catch (Exception error) when (error is InvalidDataException or IOException or NotSupportedException or ArgumentException)
        {
            throw Broken(path, "is no whole archive", error);
        }
    }

    public override IReadOnlyList<long> ShapeOf(string name) => _tensors[name].Shape;

    public override torch.ScalarType TypeOf(string name) => _tensors[name].Storage.Type;

    public override Tensor Load(string name)
    {
        PickledTensor tensor = _tensors[name];
        try
        {
            using ZipArchive archive = ZipFile.OpenRead(_path);
            using Stream stream = archive.GetEntry($"{_root}data/{tensor.Storage.Key}")!.Open();
            using var scope = torch.NewDisposeScope();
            Tensor storage = torch.empty([tensor.Storage.Count], dtype: tensor.Storage.Type);
            if (tensor.Storage.Count > 0)
                stream.ReadExactly(storage.bytes);
            return storage.as_strided(tensor.Shape, tensor.Stride, tensor.Offset).clone().MoveToOuterDisposeScope();
        }
        catch (Exception error) when (error is InvalidDataException or IOException or NotSupportedException or ArgumentException)
        {
            throw Broken(_path, $"ends inside tensor '{name}', or cannot be read", error);
        }
    }

    // Whatever the pickle says of strides and sizes, nothing outside a storage may be read.
    private static void Check(string path, ZipArchive archive, string root, string name, PickledTensor tensor)
    {
        ZipArchiveEntry entry = archive.GetEntry($"{root}data/{tensor.Storage.Key}")
            ?? throw Broken(path, $"lacks the data of tensor '{name}'");
        try
        {
            long bytes = checked(tensor.Storage.Count * tensor.Storage.Type.ElementSize());
            bool whole = tensor.Storage.Count >= 0 && bytes <= int.MaxValue && entry.Length == bytes;
            bool shaped = tensor.Shape.Length == tensor.Stride.Length && tensor.Shape.Length <= 64 && tensor.Shape.All(s => s >= 0) && tensor.Stride.All(s => s >= 0) && tensor.Offset >= 0;
            long count = tensor.Shape.Aggregate(1L, (a, b) => checked(a * b));
            long last = shaped ? tensor.Shape.Zip(tensor.Stride).Aggregate(tensor.Offset, (at, d) => checked(at + Math.Max(0, d.First - 1) * d.Second)) : 0;

            // Strides of zero would let a small file claim a tensor of any size.
            if (!whole || !shaped || count > tensor.Storage.Count || (count > 0 && last >= tensor.Storage.Count))
                throw Broken(path, $"tensor '{name}' of shape [{string.Join(", ", tensor.Shape.Take(8))}] does not fit its data of {entry.Length} bytes");
        }
        catch (OverflowException error)
        {
            throw Broken(path, $"tensor '{name}' has an impossible size", error);
        }
    }

    private static string Text(ZipArchiveEntry entry)
    {
        using var reader = new StreamReader(entry.Open());
        return reader.ReadToEnd().Trim();
    }

    private static CheckpointException Broken(string path, string problem, Exception? inner = null) =>
        new(path, problem, "it is no whole PyTorch file: copy or save it again", inner);
}
