using Espalier.Networks;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Vision;

namespace Espalier.Tests.Networks;

public sealed class WeightDecayTests
{
    [Fact]
    public void Matrices_decay_and_biases_scales_and_tokens_do_not()
    {
        using var gmlp = new GmlpTextEncoder(new GmlpTextOptions { Vocabulary = 5, MaxLength = 4, DModel = 4, DFfn = 8, Layers = 1, SpatialHeads = 2 });
        using var single = new GmlpTextEncoder(new GmlpTextOptions { Vocabulary = 5, MaxLength = 4, DModel = 4, DFfn = 8, Layers = 1 });
        using var vit = new VisionTransformer(new VitOptions { ImageHeight = 4, ImageWidth = 4, Channels = 1, Classes = 2, PatchSize = 2, DModel = 4, Heads = 2, Layers = 1 });
        using var resMlp = new ResMlp(new ResMlpOptions { ImageHeight = 4, ImageWidth = 4, Channels = 1, Classes = 2, PatchSize = 2, DModel = 4, Layers = 1 });
        Assert.Equal(["embed.weight", "blocks.0.mlp_channels.fc1.weight", "blocks.0.mlp_channels.gate.proj.weight", "blocks.0.mlp_channels.fc2.weight"], Decaying(gmlp));
        Assert.Contains("blocks.0.mlp_channels.gate.proj.weight", Decaying(single));
        Assert.Equal(["patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "blocks.0.attn.proj.weight", "blocks.0.mlp.fc1.weight", "blocks.0.mlp.fc2.weight", "head.weight"], Decaying(vit));
        Assert.Equal(["stem.proj.weight", "blocks.0.linear_tokens.weight", "blocks.0.mlp_channels.fc1.weight", "blocks.0.mlp_channels.fc2.weight", "head.weight"], Decaying(resMlp));

        static IEnumerable<string> Decaying(torch.nn.Module model) => model.named_parameters().Where(p => WeightDecay.Applies(p.name, p.parameter)).Select(p => p.name);
    }
}
