using Espalier.Errors;
using Espalier.Networks.Vision;

namespace Espalier.Networks;

/// <summary>The published sizes by name: each fills the section of its family.</summary>
internal static class ModelPresets
{
    private const int PresetSize = 224;
    private const int PresetPatch = 16;

    private static readonly string[] VisionFamilies = ["gmlp", "vit", "mixer", "resmlp", "resnet", "wrn", "allconv", "cnn", "mlp", "encoder"];

    private static readonly string[] TextFamilies = ["gmlp_text", "bert", "gpt", "gru"];

    private static readonly string[] DensityFamilies = ["pixelcnn"];

    private static readonly Dictionary<string, Func<ModelOptions, ModelOptions>> Vision = new(StringComparer.Ordinal)
    {
        // Liu et al. 2021, Table 1: patch 16, 224 x 224 pixels, 30 blocks, e = 6d.
        ["gmlp_ti16_224"] = o => Gmlp(o, 128, 1),
        ["gmlp_s16_224"] = o => Gmlp(o, 256, 0.95),
        ["gmlp_b16_224"] = o => Gmlp(o, 512, 0.8),

        // Dosovitskiy et al. 2021 and Touvron et al. 2021: the same networks; they differ in training and in the pixels' scaling.
        ["vit_tiny"] = o => Vit(o, 192, 3),
        ["vit_tiny_patch16_224"] = o => Vit(o, 192, 3),
        ["vit_small"] = o => Vit(o, 384, 6),
        ["vit_small_patch16_224"] = o => Vit(o, 384, 6),
        ["vit_base"] = o => Vit(o, 768, 12),
        ["vit_base_patch16_224"] = o => Vit(o, 768, 12),
        ["deit_tiny"] = o => Vit(o, 192, 3),
        ["deit_tiny_patch16_224"] = o => Vit(o, 192, 3),
        ["deit_small"] = o => Vit(o, 384, 6),
        ["deit_small_patch16_224"] = o => Vit(o, 384, 6),
        ["deit_base"] = o => Vit(o, 768, 12),
        ["deit_base_patch16_224"] = o => Vit(o, 768, 12),

        // Tolstikhin et al. 2021, Table 1.
        ["mixer_s16_224"] = o => Mixer(o, 512, 8),
        ["mixer_b16_224"] = o => Mixer(o, 768, 12),

        // Touvron et al. 2021, "ResMLP".
        ["resmlp_12_224"] = o => ResMlp(o, 12),
        ["resmlp_24_224"] = o => ResMlp(o, 24),

        // He et al. 2016, Table 1.
        ["resnet18"] = o => ResNet(o, [2, 2, 2, 2], bottleneck: false),
        ["resnet34"] = o => ResNet(o, [3, 4, 6, 3], bottleneck: false),
        ["resnet50"] = o => ResNet(o, [3, 4, 6, 3], bottleneck: true),
        ["resnet101"] = o => ResNet(o, [3, 4, 23, 3], bottleneck: true),
        ["resnet152"] = o => ResNet(o, [3, 8, 36, 3], bottleneck: true),

        // Zagoruyko and Komodakis 2016, with the dropout of Hendrycks et al. 2019.
        ["wrn_40_2"] = o => o with { Name = "wrn", Wrn = o.Wrn with { Depth = 40, Width = 2, Dropout = 0.3 } },
        ["wrn_16_4"] = o => o with { Name = "wrn", Wrn = o.Wrn with { Depth = 16, Width = 4, Dropout = 0.4 } },

        // Zhang et al. 2019 (TRADES), for MNIST; and one a quarter of its size.
        ["trades_smallcnn"] = o => o with { Name = "cnn", Cnn = o.Cnn with { Convolutions = new ConvNetOptions().Convolutions, HiddenSizes = [200, 200], Dropout = 0.5 } },
        ["tiny_cnn"] = o => o with
        {
            Name = "cnn",
            Cnn = o.Cnn with { Convolutions = [new() { Channels = 12, Kernel = 5, Stride = 2, Padding = 2 }, new() { Channels = 24, Stride = 2, Padding = 1 }], HiddenSizes = [64] },
        },

        // Hendrycks et al. 2019 (Outlier Exposure), the code for MNIST.
        ["oe_mnist_convnet"] = o => o with
        {
            Name = "cnn",
            Cnn = o.Cnn with
            {
                Convolutions = [new() { Channels = 10, Kernel = 5, Pool = 2 }, new() { Channels = 20, Kernel = 5, Pool = 2, ChannelDropout = 0.5 }],
                HiddenSizes = [50],
                Activation = ConvActivation.SigmoidGelu,
            },
        },
    };

    private static readonly Dictionary<string, Func<ModelOptions, ModelOptions>> Text = new(StringComparer.Ordinal)
    {
        // Liu et al. 2021, Table 5.
        ["gmlp_text_base"] = o => GmlpText(o, 48, 512, 3072, null),
        ["gmlp_text_large"] = o => GmlpText(o, 96, 768, 3072, null),
        ["gmlp_text_xlarge"] = o => GmlpText(o, 144, 1024, 4096, null),
        ["amlp_text_base"] = o => GmlpText(o, 36, 512, 3072, 64),
        ["amlp_text_large"] = o => GmlpText(o, 72, 768, 3072, 128),

        // Devlin et al. 2019; Turc et al. 2019 for the small ones.
        ["bert_tiny"] = o => Bert(o, 2, 128),
        ["bert_mini"] = o => Bert(o, 4, 256),
        ["bert_small"] = o => Bert(o, 4, 512),
        ["bert_base"] = o => Bert(o, 12, 768),
        ["bert_large"] = o => Bert(o, 24, 1024),

        // Radford et al. 2019.
        ["gpt2_small"] = o => o with { Name = "gpt", Gpt = o.Gpt with { DModel = 768, DFfn = null, Layers = 12, Heads = 12 } },
        ["gpt2_medium"] = o => o with { Name = "gpt", Gpt = o.Gpt with { DModel = 1024, DFfn = null, Layers = 24, Heads = 16 } },
    };

    /// <summary>Names of networks for images, tables and anything with a shape.</summary>
    public static IReadOnlyList<string> VisionNames { get; } = [.. VisionFamilies, .. Vision.Keys];

    /// <summary>Names of networks for text.</summary>
    public static IReadOnlyList<string> TextNames { get; } = [.. TextFamilies, .. Text.Keys];

    /// <summary>Names of densities of images.</summary>
    public static IReadOnlyList<string> DensityNames => DensityFamilies;

    /// <summary>The options with a preset's values in its family's section and the family's name.</summary>
    /// <exception cref="NotFoundException">There is no network of that name.</exception>
    public static ModelOptions Resolve(ModelOptions options)
    {
        if (Vision.TryGetValue(options.Name, out var vision))
            return vision(options);
        if (Text.TryGetValue(options.Name, out var text))
            return text(options);
        if (!VisionFamilies.Contains(options.Name) && !TextFamilies.Contains(options.Name) && !DensityFamilies.Contains(options.Name))
            throw new NotFoundException("model", options.Name, [.. VisionNames, .. TextNames, .. DensityNames]);
        return options;
    }

    private static ModelOptions Gmlp(ModelOptions options, int d, double survival) => options with
    {
        Name = "gmlp",
        Gmlp = options.Gmlp with
        {
            ImageHeight = options.Gmlp.ImageHeight ?? PresetSize,
            ImageWidth = options.Gmlp.ImageWidth ?? PresetSize,
            PatchSize = PresetPatch,
            PatchWidth = null,
            DModel = d,
            DFfn = 6 * d,
            Layers = 30,
            SurvivalProbability = survival,
        },
    };

    private static ModelOptions Vit(ModelOptions options, int d, int heads) => options with
    {
        Name = "vit",
        Vit = OnPatches(options.Vit, d, layers: 12) with { DFfn = null, Heads = heads },
    };

    private static ModelOptions Mixer(ModelOptions options, int d, int layers) => options with
    {
        Name = "mixer",
        Mixer = OnPatches(options.Mixer, d, layers) with { TokenHidden = null, ChannelHidden = null },
    };

    private static ModelOptions ResMlp(ModelOptions options, int layers) => options with
    {
        Name = "resmlp",
        ResMlp = OnPatches(options.ResMlp, d: 384, layers) with { ChannelHidden = null },
    };

    /// <summary>What the published sizes have in common: patch 16 on 224 x 224 pixels, unless the user says another image size.</summary>
    private static T OnPatches<T>(T options, int d, int layers) where T : PatchOptions => (T)((PatchOptions)options with
    {
        ImageHeight = options.ImageHeight ?? PresetSize,
        ImageWidth = options.ImageWidth ?? PresetSize,
        PatchSize = PresetPatch,
        PatchWidth = null,
        DModel = d,
        Layers = layers,
    });

    private static ModelOptions ResNet(ModelOptions options, int[] blocks, bool bottleneck) => options with
    {
        Name = "resnet",
        ResNet = options.ResNet with { Blocks = blocks, Bottleneck = bottleneck, Width = 64 },
    };

    private static ModelOptions GmlpText(ModelOptions options, int layers, int d, int e, int? attention) => options with
    {
        Name = "gmlp_text",
        GmlpText = options.GmlpText with { Layers = layers, DModel = d, DFfn = e, DAttention = attention },
    };

    private static ModelOptions Bert(ModelOptions options, int layers, int d) => options with
    {
        Name = "bert",
        Bert = options.Bert with { Layers = layers, DModel = d, DFfn = null, Heads = d / 64 },
    };
}
