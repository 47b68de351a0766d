using Espalier.Errors;
using Espalier.Files;
using Espalier.Models;

namespace Espalier.Networks.Checkpoints;

/// <summary>A file with named tensors, whatever its format: its names and shapes are known before anything is loaded.</summary>
internal abstract class WeightsFile
{
    public abstract IEnumerable<string> Names { get; }

    public abstract IReadOnlyList<long> ShapeOf(string name);

    public abstract torch.ScalarType TypeOf(string name);

    /// <summary>Loads a tensor onto the CPU; the caller's scope's.</summary>
    public abstract Tensor Load(string name);

    /// <summary>Opens a file of any format by its content, but for NumPy's archives, which are zips as PyTorch's are: by their name.</summary>
    /// <exception cref="CheckpointException">It is missing, damaged, or of no known format.</exception>
    public static WeightsFile Open(string path)
    {
        if (!File.Exists(path))
            throw new CheckpointException(path, "the file does not exist", "check the path");
        if (System.IO.Path.GetExtension(path).Equals(".npz", StringComparison.OrdinalIgnoreCase))
            return new Npz(NpzFile.Open(path));
        return PyTorchFile.IsOne(path) ? PyTorchFile.Open(path) : new Safetensors(SafetensorsFile.Open(path));
    }

    private sealed class Safetensors(SafetensorsFile file) : WeightsFile
    {
        public override IEnumerable<string> Names => file.Names;

        public override IReadOnlyList<long> ShapeOf(string name) => file.ShapeOf(name);

        public override torch.ScalarType TypeOf(string name) => file.TypeOf(name);

        public override Tensor Load(string name) => file.Load(name);
    }

    private sealed class Npz : WeightsFile
    {
        private readonly Dictionary<string, NpyArray> _arrays;

        public Npz(NpzFile file) => _arrays = file.Names.ToDictionary(n => n, file.Load);

        public override IEnumerable<string> Names => _arrays.Keys;

        public override IReadOnlyList<long> ShapeOf(string name) => _arrays[name].Shape;

        public override torch.ScalarType TypeOf(string name)
        {
            using Tensor tensor = _arrays[name].ToTensor();
            return tensor.dtype;
        }

        public override Tensor Load(string name) => _arrays[name].ToTensor();
    }
}
