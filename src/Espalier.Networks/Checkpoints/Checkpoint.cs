using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Encoders;
using Espalier.Networks.Vision;
using TorchSharp.Modules;

namespace Espalier.Networks.Checkpoints;

/// <summary>
/// Published weights in and out: safetensors, and state dicts that PyTorch saved, in the names of timm, torchvision, Hugging
/// Face, lucidrains and Facebook.
/// </summary>
public static class Checkpoint
{
    /// <summary>Loads weights into a network.</summary>
    /// <param name="path">A safetensors file, a file of <c>torch.save</c>, an <c>.npz</c> archive, or the folder of a run.</param>
    /// <param name="module">The network; unchanged where the load is refused.</param>
    /// <param name="layout">Whose names the file uses.</param>
    /// <param name="options">How; strict where null.</param>
    /// <returns>What became of every tensor.</returns>
    /// <exception cref="CheckpointException">The file is missing or damaged; in a strict load also: a tensor is missing, unexpected or of another shape, and all of them are named.</exception>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public static LoadReport Load(string path, torch.nn.Module module, CheckpointLayout layout = CheckpointLayout.Native, CheckpointOptions? options = null)
    {
        options ??= new();
        options.Validate();
        string file = Directory.Exists(path) ? System.IO.Path.Combine(path, Models.ModelWeights.FileName) : path;
        WeightsFile weights = WeightsFile.Open(file);
        var plan = new CheckpointPlan(file, weights, module, layout, options);
        if (options.Strict && !plan.Report.IsComplete)
        {
            throw new CheckpointException(file, plan.Report.Problems,
                "name the architecture and the layout that the file is of; for other classes give numClasses; or load what fits, without strict");
        }

        plan.Apply();
        return plan.Report;
    }

    /// <summary>Writes a network with its own names, which are timm's, torchvision's or Hugging Face's, so that it opens in Python.</summary>
    /// <param name="module">The network.</param>
    /// <param name="path">The safetensors file.</param>
    /// <param name="config">Written beside it as <c>config.json</c>; left out where null.</param>
    public static void Save(torch.nn.Module module, string path, PretrainedConfig? config = null)
    {
        // What Python's loaders look for.
        ModelWeights.Save(module, path, metadata: new Dictionary<string, string> { ["format"] = "pt" });
        config?.Write(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, PretrainedConfig.FileName));
    }

    /// <summary>The names of the last layer's parameters, which another number of classes changes.</summary>
    internal static IEnumerable<string> HeadOf(torch.nn.Module module)
    {
        Linear? head = module switch
        {
            VisionNetwork vision => vision.Head,
            EncoderClassifier classifier => classifier.Head,
            _ => null,
        };
        foreach ((string name, torch.nn.Module child) in module.named_modules())
        {
            if (ReferenceEquals(child, head) || (head is null && name is "classifier"))
                return [$"{name}.weight", $"{name}.bias"];
        }

        return [];
    }
}
