using Espalier.Data;
using Espalier.Errors;
using Espalier.Networks.Density;
using Espalier.Networks.Encoders;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Mlp;
using Espalier.Networks.Text;
using Espalier.Networks.Vision;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Networks;

/// <summary>Networks by name.</summary>
public static class ModelZoo
{
    /// <summary>All names, those of networks for images first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. ModelPresets.VisionNames, .. ModelPresets.DensityNames, .. ModelPresets.TextNames];

    /// <summary>Names of networks for text.</summary>
    public static IReadOnlyList<string> TextNames => ModelPresets.TextNames;

    /// <summary>Names of densities of images, which have no classes.</summary>
    public static IReadOnlyList<string> DensityNames => ModelPresets.DensityNames;

    /// <summary>Whether a name is that of a network for text.</summary>
    /// <param name="name">Any name.</param>
    public static bool IsText(string name) => ModelPresets.TextNames.Contains(name);

    /// <summary>The names that a pattern fits.</summary>
    /// <param name="pattern">With <c>*</c> for anything and <c>?</c> for one character, such as <c>gmlp*</c>.</param>
    public static IReadOnlyList<string> List(string pattern) =>
        [.. Names.Where(name => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, name))];

    /// <summary>Makes a network of a name for a data set, on its device, with the network's default options.</summary>
    /// <param name="name">Such as <c>mlp</c>, <c>gmlp</c> or <c>resnet</c>.</param>
    /// <param name="data">Gives input shape, classes and device.</param>
    /// <param name="seed">The weights are a function of the name and this seed.</param>
    /// <returns>The network, in training mode; the caller's.</returns>
    /// <exception cref="NotFoundException">There is no network of that name.</exception>
    /// <exception cref="OptionsException">The network is one for text, or does not fit the data.</exception>
    /// <exception cref="ShapeException">The network does not take inputs of that shape.</exception>
    /// <example><code>using var network = ModelZoo.Create("mlp", data.Splits.Train);</code></example>
    public static Module Create(string name, Dataset data, int seed = 1)
    {
        Module network = Create(new ModelOptions { Name = name }, data.InputShape, data.ClassCount, seed);
        network.to(data.Device);
        return network;
    }

    /// <summary>Makes a network for data of a shape.</summary>
    /// <param name="options">Which network; what it leaves open is taken from the data.</param>
    /// <param name="inputShape">Shape of one input: [channels, height, width] for images, any shape for <c>mlp</c>.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <returns>The network, in training mode, on the CPU; the caller's.</returns>
    /// <exception cref="NotFoundException">There is no network of that name.</exception>
    /// <exception cref="OptionsException">A value is out of its range or contradicts the data, or the network is one for text.</exception>
    /// <exception cref="ShapeException">The network does not take inputs of that shape.</exception>
    public static Module Create(ModelOptions options, IReadOnlyList<long> inputShape, int classes, int seed)
    {
        options.Validate();
        ModelOptions resolved = ModelPresets.Resolve(options);
        switch (resolved.Name)
        {
            case "mlp":
                return OptionsException.Within("mlp", () => new MlpClassifier(Filled(resolved.Mlp, inputShape, classes), seed));
            case "encoder":
                return OptionsException.Within("encoder", () => new EncoderClassifier(resolved.Encoder.Create(inputShape, seed), classes, seed));
            case "gmlp":
                return Vision("gmlp", resolved.Gmlp, (c, h, w) => new GmlpVision(resolved.Gmlp with { Channels = c, ImageHeight = h, ImageWidth = w, Classes = classes }, seed));
            case "vit":
                return Vision("vit", resolved.Vit, (c, h, w) => new VisionTransformer(resolved.Vit with { Channels = c, ImageHeight = h, ImageWidth = w, Classes = classes }, seed));
            case "mixer":
                return Vision("mixer", resolved.Mixer, (c, h, w) => new MlpMixer(resolved.Mixer with { Channels = c, ImageHeight = h, ImageWidth = w, Classes = classes }, seed));
            case "resmlp":
                return Vision("resMlp", resolved.ResMlp, (c, h, w) => new ResMlp(resolved.ResMlp with { Channels = c, ImageHeight = h, ImageWidth = w, Classes = classes }, seed));
            case "resnet":
                return Vision("resNet", resolved.ResNet, (c, h, w) => new ResNet(resolved.ResNet with { Channels = c, ImageHeight = h, ImageWidth = w, Classes = classes }, seed));
            case "wrn":
                return Vision<Module>("wrn", resolved.Wrn, (c, h, w) => new WideResNet(resolved.Wrn with { Channels = c, ImageHeight = h, ImageWidth = w, Classes = classes }, seed));
            case "allconv":
                return Vision<Module>("allConv", resolved.AllConv, (c, h, w) => new AllConvNet(resolved.AllConv with { Channels = c, ImageHeight = h, ImageWidth = w, Classes = classes }, seed));
            case "cnn":
                return Vision<Module>("cnn", resolved.Cnn, (c, h, w) => new ConvNet(resolved.Cnn with { Channels = c, ImageHeight = h, ImageWidth = w, Classes = classes }, seed));
            case "pixelcnn":
                throw new OptionsException("name", options.Name, "must be a network with classes: this one is a density");
            default:
                throw new OptionsException("name", options.Name, "must be a network for images or tables: this one reads text");
        }

        Module Vision<T>(string section, IVisionOptions given, Func<int, int, int, T> create) where T : Module
        {
            if (inputShape is not [var channels, var height, var width])
                throw new ShapeException("an input", inputShape, $"[channels, height, width]: {options.Name} takes images");
            return OptionsException.Within(section, () =>
            {
                Agreed(given.Classes, classes, nameof(given.Classes));
                return create(
                    Agreed(given.Channels, channels, nameof(given.Channels)),
                    Agreed(given.ImageHeight, height, nameof(given.ImageHeight)),
                    Agreed(given.ImageWidth, width, nameof(given.ImageWidth)));
            });
        }
    }

    /// <summary>Makes a density of images.</summary>
    /// <param name="options">Which.</param>
    /// <param name="inputShape">Shape of one image, [1, height, width].</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <returns>The density, in training mode, on the CPU; the caller's.</returns>
    /// <exception cref="NotFoundException">There is no network of that name.</exception>
    /// <exception cref="OptionsException">A value is out of its range, or the network is no density.</exception>
    /// <exception cref="ShapeException">The inputs are no grey images.</exception>
    public static PixelCnn CreateDensity(ModelOptions options, IReadOnlyList<long> inputShape, int seed)
    {
        options.Validate();
        OptionsException.Require(DensityNames.Contains(options.Name), "name", options.Name, $"must be a density: {string.Join(", ", DensityNames)}");
        if (inputShape is not [1, _, _])
            throw new ShapeException("an input", inputShape, "[1, height, width]: the density is of grey images");
        return OptionsException.Within("pixelCnn", () => new PixelCnn(options.PixelCnn, seed));
    }

    /// <summary>Makes a network for text, without a head.</summary>
    /// <param name="options">Which network; what it leaves open is taken from the arguments.</param>
    /// <param name="vocabulary">Size of the tokenizer's vocabulary.</param>
    /// <param name="maxLength">The longest input, in tokens.</param>
    /// <param name="tokens">The tokens it must know.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <returns>The network, in training mode, on the CPU; the caller's.</returns>
    /// <exception cref="NotFoundException">There is no network of that name.</exception>
    /// <exception cref="OptionsException">A value is out of its range or contradicts the data, or the network is none for text.</exception>
    public static TextEncoder CreateText(ModelOptions options, int vocabulary, int maxLength, TextTokens tokens, int seed)
    {
        options.Validate();
        ModelOptions resolved = ModelPresets.Resolve(options);
        return resolved.Name switch
        {
            "gmlp_text" => OptionsException.Within<TextEncoder>("gmlpText", () => new GmlpTextEncoder(resolved.GmlpText with
            {
                Vocabulary = Agreed(resolved.GmlpText.Vocabulary, vocabulary, "vocabulary"),
                MaxLength = resolved.GmlpText.MaxLength ?? maxLength,
            }, tokens, seed)),
            "bert" => OptionsException.Within<TextEncoder>("bert", () => new BertEncoder(resolved.Bert with
            {
                Vocabulary = Agreed(resolved.Bert.Vocabulary, vocabulary, "vocabulary"),
                MaxLength = resolved.Bert.MaxLength ?? maxLength,
            }, tokens, seed)),
            "gpt" => OptionsException.Within<TextEncoder>("gpt", () => new GptEncoder(resolved.Gpt with
            {
                Vocabulary = Agreed(resolved.Gpt.Vocabulary, vocabulary, "vocabulary"),
                MaxLength = resolved.Gpt.MaxLength ?? maxLength,
            }, tokens, seed)),
            "gru" => OptionsException.Within<TextEncoder>("gru", () => new GruEncoder(resolved.Gru with
            {
                Vocabulary = Agreed(resolved.Gru.Vocabulary, vocabulary, "vocabulary"),
                MaxLength = resolved.Gru.MaxLength ?? maxLength,
            }, tokens, seed)),
            _ => throw new OptionsException("name", options.Name, $"must be a network for text, such as {string.Join(", ", TextNames.Take(3))}"),
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
