using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Networks.Vision;
using Espalier.Onnx.Export;
using Espalier.Onnx.Sessions;

namespace Espalier.Tests.Onnx;

public sealed class NetworkExportTests
{
    private static readonly GmlpVisionOptions Small = new()
    {
        Channels = 3,
        ImageHeight = 8,
        ImageWidth = 12,
        Classes = 5,
        PatchSize = 4,
        DModel = 12,
        DFfn = 20,
        Layers = 2,
        SpatialInitStd = 0.3,
    };

    public static TheoryData<string> Names => [.. Networks.Keys];

    private static Dictionary<string, (ModelOptions Options, long[] Shape)> Networks { get; } = new()
    {
        ["gmlp"] = (new() { Gmlp = Small }, [3, 8, 12]),
        ["gmlp standardised"] = (new() { Gmlp = Small with { InputMean = [0.1, 0.2, 0.3], InputStd = [0.5, 0.6, 0.7] } }, [3, 8, 12]),
        ["gmlp toeplitz"] = (new() { Gmlp = Small with { SpatialForm = SpatialForm.Toeplitz } }, [3, 8, 12]),
        ["gmlp causal"] = (new() { Gmlp = Small with { Causal = true } }, [3, 8, 12]),
        ["amlp causal toeplitz"] = (new() { Gmlp = Small with { Causal = true, SpatialForm = SpatialForm.Toeplitz, DAttention = 7 } }, [3, 8, 12]),
        ["amlp"] = (new() { Gmlp = Small with { DAttention = 6 } }, [3, 8, 12]),
        ["gmlp linear gate"] = (new() { Gmlp = Small with { GateForm = GateForm.Linear } }, [3, 8, 12]),
        ["gmlp additive gate"] = (new() { Gmlp = Small with { GateForm = GateForm.Additive } }, [3, 8, 12]),
        ["gmlp multiplicative gate"] = (new() { Gmlp = Small with { GateForm = GateForm.Multiplicative, PatchWidth = 3 } }, [3, 8, 12]),
        ["gmlp with heads and a tanh"] = (new() { Gmlp = Small with { SpatialHeads = 2, GateActivation = GateActivation.Tanh } }, [3, 8, 12]),
        ["gmlp with heads, toeplitz, shared bias"] = (new() { Gmlp = Small with { SpatialHeads = 5, SpatialForm = SpatialForm.Toeplitz, SharedBias = true, GateActivation = GateActivation.Sigmoid } }, [3, 8, 12]),
        ["vit"] = (new() { Name = "vit", Vit = new() { PatchSize = 4, DModel = 12, Heads = 3, Layers = 2, InputMean = [0.5] } }, [3, 8, 12]),
        ["vit with the mean"] = (new() { Name = "vit", Vit = new() { PatchSize = 4, DModel = 12, Heads = 2, Layers = 1, Pooling = VitPooling.Mean } }, [1, 8, 8]),
        ["mixer"] = (new() { Name = "mixer", Mixer = new() { PatchSize = 4, DModel = 12, Layers = 2 } }, [3, 8, 12]),
        ["resmlp"] = (new() { Name = "resmlp", ResMlp = new() { PatchSize = 4, DModel = 12, Layers = 2 } }, [3, 8, 12]),
        ["resnet"] = (new() { Name = "resnet", ResNet = new() { Width = 4, Blocks = [1, 2] } }, [3, 33, 40]),
        ["cnn"] = (new() { Name = "cnn", Cnn = new() { HiddenSizes = [8], Dropout = 0.5, InputMean = [0.3], InputStd = [0.4] } }, [1, 28, 28]),
        ["cnn with the sigmoid's approximation of GELU"] = (new() { Name = "oe_mnist_convnet" }, [1, 28, 28]),
        ["wrn"] = (new() { Name = "wrn", Wrn = new() { Depth = 16, Width = 1, InputMean = [0.5], InputStd = [0.3] } }, [3, 12, 16]),
        ["allconv"] = (new() { Name = "allconv", AllConv = new() { Width = 6 } }, [1, 14, 16]),
        ["cnn with strides"] = (new() { Name = "tiny_cnn" }, [3, 15, 18]),
        ["resnet bottleneck for small images"] = (new() { Name = "resnet", ResNet = new() { Width = 4, Blocks = [1, 1], Bottleneck = true, SmallImages = true } }, [3, 12, 12]),
        ["mlp"] = (new() { Name = "mlp", Mlp = new() { HiddenSizes = [9, 8], Dropout = 0.2, InputMean = [0.3], InputStd = [2] } }, [3, 4, 5]),
        ["conv encoder"] = (new() { Name = "encoder", Encoder = new() { Channels = [4, 6], Strides = [2, 1], InputMean = [0.5] } }, [3, 8, 8]),
        ["mlp encoder"] = (new() { Name = "encoder", Encoder = new() { Name = "mlp", Widths = [8, 6] } }, [3, 4, 4]),
        ["gmlp encoder"] = (new() { Name = "encoder", Encoder = new() { Name = "gmlp", Gmlp = Small with { ImageHeight = null, ImageWidth = null, Channels = null, Classes = null } } }, [3, 8, 12]),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_network_computes_in_onnx_runtime_what_it_computes_here(string name)
    {
        (ModelOptions options, long[] shape) = Networks[name];
        using var module = ModelZoo.Create(options, shape, 5, seed: 3);
        RandomWeights.Fill(module);
        using var file = new OnnxFile();
        OnnxExportReport report = file.Export(module, new OnnxExportOptions { Tolerance = 2e-5 }, shape);

        // Every weight that takes part stands in the file under its own name; an encoder's network has a head that does not.
        string[] names = [.. module.state_dict().Keys.Where(k => !k.StartsWith("encoder.network.head.", StringComparison.Ordinal) && !k.EndsWith("num_batches_tracked", StringComparison.Ordinal))];
        Assert.Empty(names.Except(report.Initializers));
    }

    public static TheoryData<string> TextNames => [.. Texts.Keys];

    private static GmlpTextOptions SmallText { get; } = new() { Vocabulary = 17, MaxLength = 10, DModel = 12, DFfn = 20, Layers = 2, SpatialInitStd = 0.3 };

    private static BertOptions SmallBert { get; } = new() { Vocabulary = 17, MaxLength = 10, DModel = 12, Heads = 3, Layers = 2 };

    private static TextTokens Padded { get; } = new() { Pad = 0, Separator = 3 };

    private static Dictionary<string, Func<torch.nn.Module<Tensor, Tensor>>> Texts { get; } = new()
    {
        ["gmlp masked language model"] = () => new MaskedLanguageModel(new GmlpTextEncoder(SmallText, Padded)),
        ["gmlp with pads zeroed"] = () => new MaskedLanguageModel(new GmlpTextEncoder(SmallText with { Padding = PadHandling.ZeroGateInput, DAttention = 5, Segments = 2 }, Padded), MlmHead.BertTransform),
        ["gmlp dense"] = () => new QuestionAnswering(new GmlpTextEncoder(SmallText with { SpatialForm = SpatialForm.Dense }, Padded)),
        ["gmlp causal"] = () => new CausalLanguageModel(new GmlpTextEncoder(SmallText with { Causal = true, DAttention = 5, SharedBias = true })),
        ["bert"] = () => new MaskedLanguageModel(new BertEncoder(SmallBert, Padded), MlmHead.BertTransform),
        ["bert classifier"] = () => new SequenceClassifier(new BertEncoder(SmallBert, Padded), 3),
        ["bert pre-norm with relative bias"] = () => new SequenceClassifier(new BertEncoder(SmallBert with { PreNorm = true, Positions = PositionKind.RelativeBias }, Padded), 3, SequencePooling.MaskedMean),
        ["bert position only"] = () => new QuestionAnswering(new BertEncoder(SmallBert with { PositionOnly = true, Positions = PositionKind.RelativeBias, Pooler = false }, Padded)),
        ["bert without tokens it must know"] = () => new SequenceClassifier(new BertEncoder(SmallBert with { Segments = 0 }), 3, SequencePooling.MaskedMean),
        ["gmlp classifier"] = () => new SequenceClassifier(new GmlpTextEncoder(SmallText, Padded), 4),
        ["gpt"] = () => new CausalLanguageModel(new GptEncoder(new() { Vocabulary = 17, MaxLength = 10, DModel = 12, Heads = 3, Layers = 2 })),
        ["gru"] = () => new CausalLanguageModel(new GruEncoder(new() { Vocabulary = 17, MaxLength = 10, EmbeddingSize = 12, HiddenSize = 12 })),
        ["gru classifier"] = () => new SequenceClassifier(new GruEncoder(new() { Vocabulary = 17, MaxLength = 10, EmbeddingSize = 7, HiddenSize = 12 }, Padded), 3, SequencePooling.LastToken),
        ["gru classifier without padding"] = () => new SequenceClassifier(new GruEncoder(new() { Vocabulary = 17, MaxLength = 10, EmbeddingSize = 7, HiddenSize = 12 }), 3, SequencePooling.LastToken),
        ["gpt not causal"] = () => new MaskedLanguageModel(new GptEncoder(new() { Vocabulary = 17, MaxLength = 10, DModel = 12, Heads = 3, Layers = 2, Causal = false, Positions = PositionKind.RelativeBias }, Padded)),
    };

    [Theory]
    [MemberData(nameof(TextNames))]
    public void A_network_for_text_is_exported_with_its_padding_for_any_number_of_tokens(string name)
    {
        using var module = Texts[name]();
        RandomWeights.Fill(module);
        using var file = new OnnxFile();
        OnnxExportReport report = OnnxExporter.Export(module, file.Path, [Ids(10)], new() { Tolerance = 2e-5, VerifiedBatchSizes = [1, 4] });
        string[] unused = [.. module.state_dict().Keys.Except(report.Initializers)];
        Assert.All(unused, u => Assert.Contains("pooler", u, StringComparison.Ordinal));
        Assert.Empty(report.Warnings);
        module.eval();
        using var noGradients = torch.no_grad();
        using var session = new OnnxSession(file.Path);
        Assert.Equal(["batch", "tokens"], session.Inputs["ids"].SymbolicDimensions);
        foreach (int tokens in (int[])[1, 2, 3, 7, 9, 10])
        {
            using var scope = torch.NewDisposeScope();
            Tensor ids = torch.randint(0, 6, [3, tokens], dtype: torch.int64);
            Tensor found = session.Run([("ids", ids)])[0];
            Tensor expected = module.call(ids);
            Assert.Equal(expected.shape, found.shape);
            Assert.InRange((found - expected).abs().max().ToDouble(), 0, 1e-4);
        }
    }

    [Theory]
    [InlineData("gmlp dense")]
    [InlineData("bert classifier")]
    public void The_number_of_tokens_can_be_fixed(string name)
    {
        using var module = Texts[name]();
        RandomWeights.Fill(module);
        using var file = new OnnxFile();
        OnnxExporter.Export(module, file.Path, [Ids(7) with { IsSequence = false }], new() { Tolerance = 2e-5, VerifiedBatchSizes = [1, 4] });
        using var session = new OnnxSession(file.Path);
        Assert.Equal([-1, 7], session.Inputs["ids"].Dimensions);
    }

    [Fact]
    public void A_network_for_one_number_of_tokens_is_refused_with_an_open_one()
    {
        // Mixes over seven places with a layer that takes seven.
        using var module = torch.nn.Sequential(("mix", torch.nn.Linear(7, 7)));
        using var file = new OnnxFile();
        var error = Assert.Throws<OnnxExportException>(() => OnnxExporter.Export(module, file.Path, [new OnnxInput("input", [7]) { IsSequence = true }]));
        Assert.Contains("takes 7 tokens and no others", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(file.Path));
    }

    [Fact]
    public void An_open_number_of_tokens_needs_a_greatest_one()
    {
        using var module = Texts["gru"]();
        using var file = new OnnxFile();
        Assert.Throws<OptionsException>(() => OnnxExporter.Export(module, file.Path, [Ids(0)]));
        Assert.Throws<OptionsException>(() => OnnxExporter.Export(module, file.Path, [new OnnxInput("ids", []) { IsSequence = true }]));
    }

    /// <summary>The head of a fresh gMLP is zero: every logit is, whatever the blocks do, and no mistake in them can be seen.</summary>
    [Fact]
    public void A_fresh_network_is_exported_with_a_warning()
    {
        using var module = ModelZoo.Create(new() { Gmlp = Small }, [3, 8, 12], 5, seed: 3);
        using var file = new OnnxFile();
        OnnxExportReport report = file.Export(module, null, 3, 8, 12);
        Assert.Equal(0, report.Variation);
        Assert.Contains("fresh weights", Assert.Single(report.Warnings), StringComparison.Ordinal);
        RandomWeights.Fill(module);
        report = file.Export(module, null, 3, 8, 12);
        Assert.InRange(report.Variation, 0.01, 100);
        Assert.Empty(report.Warnings);
    }

    private static OnnxInput Ids(long tokens) => new("ids", [tokens], torch.ScalarType.Int64, 0, 5) { IsSequence = true };

    [Fact]
    public void A_full_size_network_is_exported_and_serves_any_batch()
    {
        using var module = ModelZoo.Create(new() { Name = "gmlp_ti16_224" }, [3, 224, 224], 10, seed: 1);
        RandomWeights.Fill(module);
        using var file = new OnnxFile();
        OnnxExportReport report = file.Export(module, new OnnxExportOptions { VerifiedBatchSizes = [1, 2] }, 3, 224, 224);
        Assert.InRange(report.MaxDifference, 0, 2e-5);
        Assert.Equal(306, report.Initializers.Count(module.state_dict().ContainsKey));
    }
}
