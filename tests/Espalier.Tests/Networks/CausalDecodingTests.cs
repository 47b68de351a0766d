using Espalier.Errors;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;

namespace Espalier.Tests.Networks;

public sealed class CausalDecodingTests
{
    private const int Vocabulary = 11;

    public static TheoryData<string> Models => ["dense", "toeplitz", "heads", "amlp", "gpt", "gptRelative"];

    private static CausalLanguageModel Create(string kind, int length = 8)
    {
        var gmlp = new GmlpTextOptions { Vocabulary = Vocabulary, MaxLength = length, DModel = 6, DFfn = 16, Layers = 3, Causal = true, SpatialInitStd = 0.5 };
        var gpt = new GptOptions { Vocabulary = Vocabulary, MaxLength = length, DModel = 8, Layers = 2, Heads = 2 };
        var model = new CausalLanguageModel(kind switch
        {
            "dense" => new GmlpTextEncoder(gmlp with { SpatialForm = SpatialForm.Dense }, seed: 3),
            "toeplitz" => new GmlpTextEncoder(gmlp, seed: 3),
            "heads" => new GmlpTextEncoder(gmlp with { SpatialHeads = 2, GateActivation = GateActivation.Tanh }, seed: 3),
            "amlp" => new GmlpTextEncoder(gmlp with { DAttention = 4 }, seed: 3),
            "stream" => new GmlpTextEncoder(gmlp with { SharedBias = true }, seed: 3),
            "gpt" => new GptEncoder(gpt, seed: 3),
            _ => new GptEncoder(gpt with { Positions = PositionKind.RelativeBias }, seed: 3),
        });

        // Larger weights than at the start, so that every token matters.
        using var noGradients = torch.no_grad();
        using var generator = new torch.Generator(5);
        foreach (var parameter in model.parameters())
        {
            using Tensor noise = torch.randn(parameter.shape, generator: generator);
            parameter.add_(noise, 0.3);
        }

        model.eval();
        return model;
    }

    private static Tensor Ids(int batch, int length)
    {
        using var generator = new torch.Generator(7);
        return torch.randint(0, Vocabulary, [batch, length], dtype: torch.int64, generator: generator);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_token_does_not_depend_on_later_ones(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using CausalLanguageModel model = Create(kind);
        model.to(torch.float64);
        using var noGradients = torch.no_grad();
        Tensor ids = Ids(2, 8);
        Tensor logits = model.call(ids);
        for (int at = 0; at < 8; at++)
        {
            Tensor edited = ids.clone();
            edited.narrow(1, at, 8 - at).add_(1).remainder_(Vocabulary);
            Tensor after = model.call(edited);
            Assert.Equal(0, (after.narrow(1, 0, at) - logits.narrow(1, 0, at)).abs().sum().item<double>());
            Assert.NotEqual(0, (after.narrow(1, at, 8 - at) - logits.narrow(1, at, 8 - at)).abs().sum().item<double>());
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_prefix_gives_the_logits_it_has_inside_a_longer_text(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using CausalLanguageModel model = Create(kind);
        using var noGradients = torch.no_grad();
        Tensor ids = Ids(3, 8);
        Tensor logits = model.call(ids);
        for (int length = 1; length <= 8; length++)
            Assert.InRange((model.call(ids.narrow(1, 0, length)) - logits.narrow(1, 0, length)).abs().max().item<float>(), 0, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Cached_decoding_agrees_with_the_full_pass(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using CausalLanguageModel model = Create(kind);
        using var noGradients = torch.no_grad();
        Tensor ids = Ids(3, 8);
        Tensor logits = model.call(ids);
        using IncrementalDecoding decoding = model.StartDecoding();
        int at = 0;
        foreach (int count in (int[])[3, 1, 2, 1, 1])
        {
            Tensor last = decoding.Append(ids.narrow(1, at, count));
            at += count;
            Assert.Equal(at, decoding.Length);
            Assert.InRange((last - logits.select(1, at - 1)).abs().max().item<float>(), 0, 1e-5);
        }

        Assert.False(decoding.CanAppend());
        Assert.Throws<ShapeException>(() => decoding.Append(ids.narrow(1, 0, 1)));
    }

    /// <summary>
    /// A streaming model of one block, Toeplitz with one beta for all, computes beyond its length what the window ending there
    /// gives: with one block no layer remembers further back.
    /// </summary>
    [Fact]
    public void Streaming_with_one_block_equals_the_sliding_window()
    {
        using var scope = torch.NewDisposeScope();
        var options = new GmlpTextOptions { Vocabulary = Vocabulary, MaxLength = 5, DModel = 6, DFfn = 16, Layers = 1, Causal = true, SharedBias = true, SpatialInitStd = 0.5 };
        using var model = new CausalLanguageModel(new GmlpTextEncoder(options, seed: 3));
        model.eval();
        Assert.True(model.Encoder.CanStream);
        using var noGradients = torch.no_grad();
        Tensor ids = Ids(2, 14);
        using IncrementalDecoding decoding = model.StartDecoding();
        decoding.Append(ids.narrow(1, 0, 3));
        for (int at = 3; at < 14; at++)
        {
            Tensor last = decoding.Append(ids.narrow(1, at, 1));
            int start = Math.Max(0, at - 4);
            Tensor window = model.call(ids.narrow(1, start, at - start + 1));
            Assert.InRange((last - window.select(1, at - start)).abs().max().item<float>(), 0, 1e-5);
        }
    }

    [Fact]
    public void Streaming_takes_tokens_one_by_one_or_many_at_a_time()
    {
        using var scope = torch.NewDisposeScope();
        using CausalLanguageModel model = Create("stream", length: 5);
        Tensor ids = Ids(1, 13);
        using IncrementalDecoding single = model.StartDecoding(), several = model.StartDecoding();
        Tensor last = ids;
        for (int at = 0; at < 13; at++)
            last = single.Append(ids.narrow(1, at, 1));
        several.Append(ids.narrow(1, 0, 4));
        Assert.InRange((several.Append(ids.narrow(1, 4, 9)) - last).abs().max().item<float>(), 0, 1e-5);
    }

    [Fact]
    public void Wrong_tokens_are_refused_by_place_and_value()
    {
        using var scope = torch.NewDisposeScope();
        using CausalLanguageModel model = Create("toeplitz");
        var unknown = Assert.Throws<DataException>(() => model.call(torch.tensor(new long[] { 1, 2, 3, 11 }, [2, 2])));
        Assert.Contains("text 1", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("token 1 has id 11", unknown.Message, StringComparison.Ordinal);
        Assert.Throws<DataException>(() => model.call(torch.tensor(new long[] { -1 }, [1, 1])));
        var tooLong = Assert.Throws<ShapeException>(() => model.call(Ids(1, 9)));
        Assert.Contains("at most 8 tokens, not 9", tooLong.Message, StringComparison.Ordinal);
        Assert.Throws<ShapeException>(() => model.call(torch.zeros(1, 3)));
    }
}
