using Espalier.Errors;

namespace Espalier.Models;

/// <summary>Weights of a module to and from safetensors files, by the module's own names.</summary>
public static class ModelWeights
{
    /// <summary>The file name of the weights in a run's folder.</summary>
    public const string FileName = "model.safetensors";

    /// <summary>The prefix under which the averaged weights of a model lie beside its own.</summary>
    public const string EmaPrefix = "ema.";

    /// <summary>Writes every parameter and buffer, and under <see cref="EmaPrefix"/> the averaged ones where given.</summary>
    /// <param name="module">The model.</param>
    /// <param name="path">The file.</param>
    /// <param name="ema">Averaged weights: exchanged into the model while they are written.</param>
    /// <param name="metadata">For the file's header.</param>
    public static void Save(torch.nn.Module module, string path, IAveragedWeights? ema = null, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var scope = torch.NewDisposeScope();
        var tensors = new List<KeyValuePair<string, Tensor>>();
        foreach ((string name, Tensor tensor) in module.state_dict())
            tensors.Add(new(name, tensor));
        if (ema is not null)
        {
            using IDisposable swap = ema.Swap();
            foreach ((string name, Tensor tensor) in module.state_dict())
                tensors.Add(new(EmaPrefix + name, tensor.detach().clone()));
        }

        SafetensorsFile.Write(path, tensors, metadata);
    }

    /// <summary>Loads every parameter and buffer; nothing is changed unless all fit.</summary>
    /// <param name="module">The model.</param>
    /// <param name="path">The file.</param>
    /// <param name="prefix">What the names in the file begin with, such as <see cref="EmaPrefix"/>.</param>
    /// <exception cref="CheckpointException">The file is broken, or a tensor is missing or has another shape: all are named.</exception>
    public static void Load(torch.nn.Module module, string path, string prefix = "")
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        Dictionary<string, Tensor> state = module.state_dict();
        string[] problems = [.. state.Select(s => Problem(file, prefix + s.Key, s.Value)).OfType<string>()];
        if (problems.Length > 0)
            throw new CheckpointException(path, string.Join(", ", problems), "load it into the model it was saved from");
        foreach ((string name, Tensor tensor) in state)
            file.LoadInto(prefix + name, tensor);
    }

    /// <summary>Whether a file holds averaged weights.</summary>
    /// <exception cref="CheckpointException">The file is broken.</exception>
    public static bool HasEma(string path) => SafetensorsFile.Open(path).Names.Any(n => n.StartsWith(EmaPrefix, StringComparison.Ordinal));

    private static string? Problem(SafetensorsFile file, string name, Tensor tensor)
    {
        if (!file.Contains(name))
            return $"tensor '{name}' is missing";
        return file.ShapeOf(name).SequenceEqual(tensor.shape)
            ? null
            : $"tensor '{name}' has shape [{string.Join(", ", file.ShapeOf(name))}] but the model's is [{string.Join(", ", tensor.shape)}]";
    }
}
