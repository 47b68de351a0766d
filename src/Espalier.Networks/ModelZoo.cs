using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Networks;

/// <summary>Networks by name.</summary>
public static class ModelZoo
{
    private const int PresetSize = 224;

    // Liu et al. 2021, Table 1: patch 16, 224 x 224 pixels, 30 blocks, e = 6d.
    private static readonly Dictionary<string, (int DModel, double SurvivalProbability)> Presets = new(StringComparer.Ordinal)
    {
        ["gmlp_ti16_224"] = (128, 1),
        ["gmlp_s16_224"] = (256, 0.95),
        ["gmlp_b16_224"] = (512, 0.8),
    };

    /// <summary>What <see cref="Create"/> can make.</summary>
    public static IReadOnlyList<string> Names { get; } = ["gmlp", .. Presets.Keys, "mlp", "encoder"];

    /// <summary>Makes a network for data of a shape.</summary>
    /// <param name="options">Which network; what it leaves open is taken from the data.</param>
    /// <param name="inputShape">Shape of one input: [channels, height, width] for images, any shape for <c>mlp</c>.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <returns>The network, in training mode, on the CPU; the caller's.</returns>
    /// <exception cref="NotFoundException">There is no network of that name.</exception>
    /// <exception cref="OptionsException">A value is out of its range or contradicts the data.</exception>
    /// <exception cref="ShapeException">The network does not take inputs of that shape.</exception>
    public static Module Create(ModelOptions options, IReadOnlyList<long> inputShape, int classes, int seed)
    {
        options.Validate();
        return options.Name switch
        {
            "mlp" => OptionsException.Within("mlp", () => new MlpClassifier(Filled(options.Mlp, inputShape, classes), seed)),
            "encoder" => OptionsException.Within("encoder", () => new EncoderClassifier(options.Encoder.Create(inputShape, seed), classes, seed)),
            _ => OptionsException.Within("gmlp", () => new GmlpVision(Filled(Gmlp(options), inputShape, classes), seed)),
        };
    }

    internal static void Validate(ModelOptions options)
    {
        if (!Names.Contains(options.Name))
            throw new NotFoundException("model", options.Name, Names);
        OptionsException.Require(options.Weights is null || options.Name == "encoder", nameof(options.Weights), options.Weights, "belongs to the model encoder");
        OptionsException.Within("mlp", options.Mlp.Validate);
        OptionsException.Within("gmlp", Gmlp(options).Validate);
        OptionsException.Within("encoder", options.Encoder.Validate);
    }

    // The gMLP that a name stands for.
    private static GmlpVisionOptions Gmlp(ModelOptions options) => Presets.TryGetValue(options.Name, out var preset)
        ? options.Gmlp with
        {
            ImageHeight = options.Gmlp.ImageHeight ?? PresetSize,
            ImageWidth = options.Gmlp.ImageWidth ?? PresetSize,
            PatchSize = 16,
            PatchWidth = null,
            DModel = preset.DModel,
            DFfn = 6 * preset.DModel,
            Layers = 30,
            SurvivalProbability = preset.SurvivalProbability,
        }
        : options.Gmlp;

    private static GmlpVisionOptions Filled(GmlpVisionOptions options, IReadOnlyList<long> inputShape, int classes)
    {
        if (inputShape is not [var channels, var height, var width])
            throw new ShapeException("an input", inputShape, "[channels, height, width]: gmlp takes images");
        return options with
        {
            Channels = Agreed(options.Channels, channels, nameof(options.Channels)),
            ImageHeight = Agreed(options.ImageHeight, height, nameof(options.ImageHeight)),
            ImageWidth = Agreed(options.ImageWidth, width, nameof(options.ImageWidth)),
            Classes = Agreed(options.Classes, classes, nameof(options.Classes)),
        };
    }

    private static MlpOptions Filled(MlpOptions options, IReadOnlyList<long> inputShape, int classes) => options with
    {
        Inputs = Agreed(options.Inputs, inputShape.Aggregate(1L, (a, b) => a * b), nameof(options.Inputs)),
        Classes = Agreed(options.Classes, classes, nameof(options.Classes)),
    };

    private static int Agreed(int? wanted, long found, string option)
    {
        OptionsException.Require(wanted is null || wanted == found, option, wanted, $"must be {found}, as in the data, or left out");
        return checked((int)found);
    }
}
