using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;

namespace Espalier.Tests.Networks;

public sealed class TextEncoderTests
{
    private static readonly GmlpTextOptions Small = new() { Vocabulary = 9, MaxLength = 7, DModel = 6, DFfn = 12, Layers = 2, SpatialInitStd = 0.4, Padding = PadHandling.ZeroGateInput };

    public static TheoryData<string> Encoders => ["gmlp", "dense", "amlp", "bert", "bertRelative", "bertPositions", "bertPreNorm", "transformer"];

    private static TextEncoder Create(string kind)
    {
        var bert = new BertOptions { Vocabulary = 9, MaxLength = 7, DModel = 8, Layers = 2, Heads = 2, Segments = 2 };
        var tokens = new TextTokens(Pad: 0, Separator: 8);
        TextEncoder encoder = kind switch
        {
            "gmlp" => new GmlpTextEncoder(Small, tokens, 1),
            "dense" => new GmlpTextEncoder(Small with { SpatialForm = SpatialForm.Dense, Segments = 2 }, tokens, 1),
            "amlp" => new GmlpTextEncoder(Small with { DAttention = 4 }, tokens, 1),
            "bert" => new BertEncoder(bert, tokens, 1),
            "bertRelative" => new BertEncoder(bert with { Positions = PositionKind.RelativeBias }, tokens, 1),
            "bertPositions" => new BertEncoder(bert with { Positions = PositionKind.RelativeBias, PositionOnly = true }, tokens, 1),
            "bertPreNorm" => new BertEncoder(bert with { PreNorm = true }, tokens, 1),
            _ => new GptEncoder(new GptOptions { Vocabulary = 9, MaxLength = 7, DModel = 8, Layers = 2, Heads = 2, Causal = false }, tokens, 1),
        };
        using var noGradients = torch.no_grad();
        using var generator = new torch.Generator(5);
        foreach (var parameter in encoder.parameters())
        {
            using Tensor noise = torch.randn(parameter.shape, generator: generator);
            parameter.add_(noise, 0.3);
        }

        encoder.eval();
        return encoder;
    }

    [Theory]
    [MemberData(nameof(Encoders))]
    public void What_a_real_token_becomes_depends_on_no_padding(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using TextEncoder encoder = Create(kind);
        using var noGradients = torch.no_grad();
        Tensor bare = encoder.call(torch.tensor(new long[] { 3, 1, 4, 1 }, [1, 4]));
        Tensor padded = encoder.call(torch.tensor(new long[] { 3, 1, 4, 1, 0, 0, 0 }, [1, 7]));
        Assert.InRange((padded.narrow(1, 0, 4) - bare).abs().max().item<float>(), 0, 2e-6);

        // An explicit mask hides what stands under it.
        Tensor mask = torch.tensor(new float[] { 1, 1, 1, 1, 0, 0, 0 }, [1, 7]);
        Tensor other = encoder.Encode(torch.tensor(new long[] { 3, 1, 4, 1, 5, 2, 6 }, [1, 7]), mask);
        Assert.InRange((other.narrow(1, 0, 4) - bare).abs().max().item<float>(), 0, 2e-6);
    }

    [Theory]
    [MemberData(nameof(Encoders))]
    public void Every_real_token_is_mixed_into_every_other(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using TextEncoder encoder = Create(kind);
        using var noGradients = torch.no_grad();
        Tensor first = encoder.call(torch.tensor(new long[] { 3, 1, 4, 1, 5 }, [1, 5]));
        Tensor second = encoder.call(torch.tensor(new long[] { 3, 1, 4, 1, 6 }, [1, 5]));
        Assert.True((first - second).abs().amax([2]).min().item<float>() > 1e-6);
    }

    [Fact]
    public void Without_pad_handling_padding_counts()
    {
        using var scope = torch.NewDisposeScope();
        using var encoder = new GmlpTextEncoder(Small with { Padding = PadHandling.None }, new TextTokens(Pad: 0), 1);
        using var noGradients = torch.no_grad();
        encoder.eval();
        Tensor bare = encoder.call(torch.tensor(new long[] { 3, 1, 4, 1 }, [1, 4]));
        Tensor padded = encoder.call(torch.tensor(new long[] { 3, 1, 4, 1, 0, 0, 0 }, [1, 7]));
        Assert.True((padded.narrow(1, 0, 4) - bare).abs().max().item<float>() > 1e-5);
    }

    [Fact]
    public void Segments_are_counted_by_the_separator()
    {
        using var scope = torch.NewDisposeScope();
        using TextEncoder encoder = Create("bert");
        using var noGradients = torch.no_grad();
        Tensor ids = torch.tensor(new long[] { 3, 1, 8, 4, 1, 8, 0 }, [1, 7]);
        Tensor counted = encoder.call(ids);
        Tensor given = encoder.Encode(ids, segments: torch.tensor(new long[] { 0, 0, 0, 1, 1, 1, 1 }, [1, 7]));
        Tensor zero = encoder.Encode(ids, segments: torch.zeros_like(ids));
        Assert.Equal(0, (counted - given).abs().max().item<float>());
        Assert.NotEqual(0, (counted - zero).abs().max().item<float>());
    }

    [Fact]
    public void At_the_start_a_gmlp_mixes_no_tokens()
    {
        using var scope = torch.NewDisposeScope();
        using var encoder = new GmlpTextEncoder(Small with { SpatialInitStd = null }, seed: 1);
        using var noGradients = torch.no_grad();
        Tensor first = encoder.call(torch.tensor(new long[] { 3, 1, 4, 1, 5 }, [1, 5]));
        Tensor second = encoder.call(torch.tensor(new long[] { 3, 1, 4, 1, 6 }, [1, 5]));
        Assert.InRange((first - second).narrow(1, 0, 4).abs().max().item<float>(), 0, 1e-3);
        foreach (GmlpBlock block in encoder.Blocks)
            Assert.InRange(block.Gate.Projection.Weight.abs().max().item<float>(), 1e-9, 1e-3 / 7);
    }

    [Fact]
    public void The_mean_over_tokens_leaves_padding_out()
    {
        using var scope = torch.NewDisposeScope();
        using var model = new SequenceClassifier(Create("gmlp"), 3, SequencePooling.MaskedMean);
        model.eval();
        using var noGradients = torch.no_grad();
        Tensor bare = model.call(torch.tensor(new long[] { 3, 1, 4, 1 }, [1, 4]));
        Tensor padded = model.call(torch.tensor(new long[] { 3, 1, 4, 1, 0, 0, 0 }, [1, 7]));
        Assert.Equal([1, 3], bare.shape);
        Assert.InRange((bare - padded).abs().max().item<float>(), 0, 2e-6);
    }

    [Fact]
    public void A_vocabulary_head_is_tied_to_the_embedding()
    {
        using var scope = torch.NewDisposeScope();
        using var model = new MaskedLanguageModel(Create("bert"), MlmHead.BertTransform, seed: 2);
        model.eval();
        using var noGradients = torch.no_grad();
        Assert.Equal(["cls.predictions.bias", "cls.predictions.transform.dense.weight"], model.state_dict().Keys.Where(k => k.StartsWith("cls.", StringComparison.Ordinal)).Take(2));
        Tensor hidden = torch.randn(4, 8);
        Tensor transformed = model.Head.Transform!.call(hidden);
        Tensor expected = transformed.matmul(model.Encoder.TokenEmbedding.t()) + model.Head.Bias;
        Assert.InRange((model.Project(hidden) - expected).abs().max().item<float>(), 0, 1e-6);
    }
}
