using Espalier.Networks;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Networks.Vision;

namespace Espalier.Tests.Networks;

/// <summary>Sizes as published: timm's and torchvision's for images, the papers' and Hugging Face's for text.</summary>
public sealed class ParameterCountTests
{
    [Theory]
    [InlineData("vit_tiny", 5_717_416)]
    [InlineData("vit_small", 22_050_664)]
    [InlineData("deit_base", 86_567_656)]
    [InlineData("mixer_s16_224", 18_528_264)]
    [InlineData("mixer_b16_224", 59_880_472)]
    [InlineData("resmlp_12_224", 15_350_872)]
    [InlineData("resmlp_24_224", 30_020_680)]
    [InlineData("resnet18", 11_689_512)]
    [InlineData("resnet50", 25_557_032)]
    public void Networks_for_images_have_the_published_sizes(string name, long parameters)
    {
        using var model = ModelZoo.Create(new ModelOptions { Name = name }, [3, 224, 224], 1000, seed: 1);
        Assert.Equal(parameters, model.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void Wide_residual_networks_have_the_published_size()
    {
        using var model = ModelZoo.Create(new ModelOptions { Name = "wrn_40_2" }, [3, 32, 32], 10, seed: 1);

        Assert.Equal(2_243_546, model.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [InlineData("vit_small", 4.6)]
    [InlineData("vit_base", 17.58)]
    [InlineData("mixer_b16_224", 12.6)]
    [InlineData("resmlp_24_224", 5.96)]
    [InlineData("resnet18", 1.82)]
    [InlineData("resnet50", 4.1)]
    public void Multiply_adds_are_those_that_timm_counts(string name, double billions)
    {
        using var model = (VisionNetwork)ModelZoo.Create(new ModelOptions { Name = name }, [3, 224, 224], 1000, seed: 1);
        Assert.InRange(model.MultiplyAdds / 1e9 / billions, 0.985, 1.015);
    }

    // BERT of Hugging Face without a head, with V = 30,522: the totals of the published checkpoints.
    [Theory]
    [InlineData("bert_tiny", 4_385_920)]
    [InlineData("bert_mini", 11_170_560)]
    [InlineData("bert_small", 28_763_648)]
    [InlineData("bert_base", 109_482_240)]
    public void Bert_has_the_size_of_the_published_checkpoints(string name, long parameters)
    {
        using TextEncoder encoder = ModelZoo.CreateText(new ModelOptions { Name = name }, 30_522, 512, new TextTokens(0), seed: 1);
        Assert.Equal(parameters, encoder.parameters().Sum(p => p.numel()));
    }

    // Liu et al. 2021, Table 5; V = 32,000, a tied head with its bias, n = 512.
    [Theory]
    [InlineData("gmlp_text_base", 130)]
    [InlineData("amlp_text_base", 109)]
    public void Gmlp_for_text_has_the_papers_sizes(string name, double millions)
    {
        using TextEncoder encoder = ModelZoo.CreateText(new ModelOptions { Name = name }, 32_000, 512, new TextTokens(), seed: 1);
        using var model = new MaskedLanguageModel(encoder);
        Assert.Equal(millions, model.parameters().Sum(p => p.numel()) / 1e6, 0.5);
    }

    // The same formula without the memory: L blocks, Toeplitz, tied head.
    [Theory]
    [InlineData(96, 768, 3072, null, 365.3)]
    [InlineData(72, 768, 3072, 128, 315.6)]
    [InlineData(144, 1024, 4096, null, 940.6)]
    public void The_large_ones_follow_from_one_block(int layers, int d, int e, int? attention, double millions)
    {
        var options = new GmlpTextOptions { Vocabulary = 32_000, MaxLength = 512, Layers = 1, DModel = d, DFfn = e, DAttention = attention };
        using var block = new GmlpBlock(options, 512);
        long total = layers * block.parameters().Sum(p => p.numel()) + 32_000L * d + 32_000 + 2 * d;
        Assert.Equal(millions, total / 1e6, 0.06);
    }

    [Fact]
    public void Bert_large_follows_from_one_block()
    {
        using var one = new BertEncoder(new BertOptions { Vocabulary = 30_522, MaxLength = 512, Layers = 1, DModel = 1024, Heads = 16 });
        long block = one.Blocks[0].parameters().Sum(p => p.numel());
        Assert.Equal(335_141_888, one.parameters().Sum(p => p.numel()) + 23 * block);
    }

    // Table 3's rows, V = 32,000 and n = 128, in millions.
    [Theory]
    [InlineData(GateForm.Linear, 2048, 92)]
    [InlineData(GateForm.Additive, 2048, 92)]
    [InlineData(GateForm.Multiplicative, 2048, 92)]
    [InlineData(GateForm.MultiplicativeSplit, 3072, 102)]
    public void The_ablation_has_the_papers_sizes(GateForm gate, int e, double millions)
    {
        var options = new GmlpTextOptions { Vocabulary = 32_000, MaxLength = 128, Layers = 36, DModel = 512, DFfn = e, GateForm = gate };
        using var block = new GmlpBlock(options, 128);
        Assert.Equal(millions, (36 * block.parameters().Sum(p => p.numel()) + 32_000 * 512 + 2 * 512) / 1e6, 0.6);
    }

    [Theory]
    [InlineData(false, 110)]
    [InlineData(true, 96)]
    public void Bert_without_queries_and_keys_has_the_papers_size(bool positionOnly, double millions)
    {
        var options = new BertOptions { Vocabulary = 32_000, MaxLength = 128, Positions = PositionKind.RelativeBias, PositionOnly = positionOnly, Pooler = false, Segments = 0 };
        using var encoder = new BertEncoder(options);
        Assert.Equal(millions, encoder.parameters().Sum(p => p.numel()) / 1e6, 0.7);
    }

    // The reference runs' own counts: 66 characters, 64 tokens, d = 64.
    [Theory]
    [InlineData(SpatialForm.Dense, GateForm.MultiplicativeSplit, 6, 384, null, 256_322)]
    [InlineData(SpatialForm.Dense, GateForm.Multiplicative, 6, 256, null, 231_746)]
    [InlineData(SpatialForm.Toeplitz, GateForm.MultiplicativeSplit, 6, 384, null, 232_508)]
    [InlineData(SpatialForm.Dense, GateForm.MultiplicativeSplit, 5, 384, 32, 277_218)]
    public void Small_masked_models_have_the_reference_sizes(SpatialForm form, GateForm gate, int layers, int e, int? attention, long parameters)
    {
        var options = new GmlpTextOptions { Vocabulary = 66, MaxLength = 64, DModel = 64, DFfn = e, Layers = layers, SpatialForm = form, GateForm = gate, DAttention = attention };
        using var model = new MaskedLanguageModel(new GmlpTextEncoder(options));
        Assert.Equal(parameters, model.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [InlineData(PositionKind.Learned, 208_450)]
    [InlineData(PositionKind.RelativeBias, 206_386)]
    public void The_small_Transformer_has_the_reference_size(PositionKind positions, long parameters)
    {
        using var model = new MaskedLanguageModel(new GptEncoder(new GptOptions { Vocabulary = 66, MaxLength = 64, DModel = 64, DFfn = 256, Layers = 4, Heads = 4, Causal = false, Positions = positions }));
        Assert.Equal(parameters, model.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void Causal_models_have_the_reference_sizes()
    {
        using var gmlp = new CausalLanguageModel(new GmlpTextEncoder(new GmlpTextOptions { Vocabulary = 65, MaxLength = 64, DModel = 128, DFfn = 768, Layers = 5, SpatialForm = SpatialForm.Dense, Causal = true }));
        Assert.Equal(776_321, gmlp.parameters().Sum(p => p.numel()));
        using var gpt = new CausalLanguageModel(new GptEncoder(new GptOptions { Vocabulary = 65, MaxLength = 64, DModel = 128, Layers = 4, Heads = 4 }));
        Assert.Equal(809_921, gpt.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void The_reference_networks_for_small_images_have_the_reference_sizes()
    {
        Assert.Equal(243_510, Size(new ModelOptions { Name = "gmlp", Gmlp = new() { PatchSize = 4, DModel = 64, DFfn = 384, Layers = 6 } }));
        Assert.Equal(221_232, Size(new ModelOptions { Name = "mixer", Mixer = new() { PatchSize = 4, DModel = 64, Layers = 6, TokenHidden = 32, ChannelHidden = 256 } }));
        Assert.Equal(254_922, Size(new ModelOptions { Name = "vit", Vit = new() { PatchSize = 4, DModel = 64, Layers = 5, Heads = 4, Pooling = VitPooling.Mean } }));

        static long Size(ModelOptions options)
        {
            using var model = ModelZoo.Create(options, [1, 28, 28], 10, seed: 1);
            return model.parameters().Sum(p => p.numel());
        }
    }
}
