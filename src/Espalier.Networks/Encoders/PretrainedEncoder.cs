using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Text;

namespace Espalier.Networks.Encoders;

/// <summary>The encoder of a saved model as the start of another training: fine-tuning.</summary>
public static class PretrainedEncoder
{
    private const string Encoder = "encoder.";

    /// <summary>Loads the encoder's weights and leaves the head as it is.</summary>
    /// <param name="classifier">Takes the weights.</param>
    /// <param name="path">A safetensors file, or the folder of a run.</param>
    /// <param name="averaged">Whether to take the averaged weights; where null, they are taken if the file has them.</param>
    /// <exception cref="CheckpointException">The file is missing or broken, or holds another encoder.</exception>
    public static void Load(EncoderClassifier classifier, string path, bool? averaged = null)
    {
        Load(classifier.Encoder, Encoder, path, averaged);
    }

    /// <summary>Loads the weights of a network for text, such as a language model's into a classifier's.</summary>
    /// <param name="encoder">Takes the weights.</param>
    /// <param name="path">A safetensors file, or the folder of a run.</param>
    /// <param name="averaged">Whether to take the averaged weights; where null, they are taken if the file has them.</param>
    /// <exception cref="CheckpointException">The file is missing or broken, or holds another encoder.</exception>
    public static void Load(TextEncoder encoder, string path, bool? averaged = null) => Load(encoder, encoder.ChildName + ".", path, averaged);

    private static void Load(torch.nn.Module encoder, string name, string path, bool? averaged)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, Models.ModelWeights.FileName) : path;
        if (!File.Exists(file))
            throw new CheckpointException(file, "does not exist", "give the folder of a run, or its model.safetensors");
        ModelWeights.Load(encoder, file, averaged ?? ModelWeights.HasEma(file) ? ModelWeights.EmaPrefix + name : name);
    }
}
