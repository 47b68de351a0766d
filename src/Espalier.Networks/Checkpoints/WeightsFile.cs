using Espalier.Models;

namespace Espalier.Networks;

/// <summary>A file with named tensors, whatever its format: its names and shapes are known before anything is loaded.</summary>
internal abstract class WeightsFile
{
    public abstract IEnumerable<string> Names { get; }

    public abstract IReadOnlyList<long> ShapeOf(string name);

    public abstract torch.ScalarType TypeOf(string name);

    /// <summary>Loads a tensor onto the CPU; the caller's scope's.</summary>
    public abstract Tensor Load(string name);

    /// <summary>Opens a file of either format by its content.</summary>
    /// <exception cref="CheckpointException">It is missing, damaged, or of neither format.</exception>
    public static WeightsFile Open(string path)
    {
        if (!File.Exists(path))
            throw new CheckpointException(path, "the file does not exist", "check the path");
        return PyTorchFile.IsOne(path) ? PyTorchFile.Open(path) : new Safetensors(SafetensorsFile.Open(path));
    }

    private sealed class Safetensors(SafetensorsFile file) : WeightsFile
    {
        public override IEnumerable<string> Names => file.Names;

        public override IReadOnlyList<long> ShapeOf(string name) => file.ShapeOf(name);

        public override torch.ScalarType TypeOf(string name) => file.TypeOf(name);

        public override Tensor Load(string name) => file.Load(name);
    }
}
