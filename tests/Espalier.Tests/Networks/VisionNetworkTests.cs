using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Attention;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Networks.Vision;

namespace Espalier.Tests.Networks;

public sealed class VisionNetworkTests
{
    public static TheoryData<string> Families => ["gmlp", "vit", "vitMean", "mixer", "resmlp", "resnet", "resnetSmall", "bottleneck"];

    private static VisionNetwork Create(string family, int height = 8, int width = 12, int seed = 1)
    {
        ModelOptions options = family switch
        {
            "gmlp" => new() { Gmlp = new() { PatchSize = 2, DModel = 6, DFfn = 8, Layers = 3 } },
            "vit" => new() { Name = "vit", Vit = new() { PatchSize = 2, DModel = 8, Heads = 2, Layers = 3 } },
            "vitMean" => new() { Name = "vit", Vit = new() { PatchSize = 2, DModel = 8, Heads = 2, Layers = 3, Pooling = VitPooling.Mean } },
            "mixer" => new() { Name = "mixer", Mixer = new() { PatchSize = 2, DModel = 6, Layers = 3 } },
            "resmlp" => new() { Name = "resmlp", ResMlp = new() { PatchSize = 2, DModel = 6, Layers = 3 } },
            "resnet" => new() { Name = "resnet", ResNet = new() { Width = 4, Blocks = [1, 2] } },
            "resnetSmall" => new() { Name = "resnet", ResNet = new() { Width = 4, Blocks = [1, 2], SmallImages = true } },
            _ => new() { Name = "resnet", ResNet = new() { Width = 4, Blocks = [1, 2], Bottleneck = true } },
        };
        var network = (VisionNetwork)ModelZoo.Create(options, [2, height, width], 5, seed);

        // Away from zero, so that every weight counts.
        using var noGradients = torch.no_grad();
        using var generator = new torch.Generator(unchecked((ulong)seed));
        foreach (var parameter in network.parameters())
        {
            using Tensor noise = torch.randn(parameter.shape, generator: generator);
            parameter.add_(noise, 0.1);
        }

        network.eval();
        return network;
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Features_head_and_intermediates_are_cuts_of_one_network(string family)
    {
        using var scope = torch.NewDisposeScope();
        using VisionNetwork network = Create(family);
        using var noGradients = torch.no_grad();
        Tensor images = torch.randn(3, 2, 8, 12);
        Tensor logits = network.call(images);
        Assert.Equal([3, 5], logits.shape);
        Tensor features = network.ForwardFeatures(images);
        Assert.Equal(logits, network.ForwardHead(features));
        Tensor pooled = network.ForwardHead(features, preLogits: true);
        Assert.Equal([3, network.Features], pooled.shape);
        Assert.Equal(logits, network.Head.call(pooled));
        IReadOnlyList<Tensor> blocks = network.ForwardIntermediates(images, [network.BlockCount - 1, 0]);
        Assert.Equal(2, blocks.Count);
        Assert.NotEqual(blocks[0].sum().item<float>(), blocks[1].sum().item<float>());
        Assert.Throws<ArgumentOutOfRangeException>(() => network.ForwardIntermediates(images, [network.BlockCount]));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_fresh_head_leaves_the_rest_and_can_be_trained(string family)
    {
        using var scope = torch.NewDisposeScope();
        using VisionNetwork network = Create(family);
        using var noGradients = torch.no_grad();
        Tensor images = torch.randn(3, 2, 8, 12);
        Tensor features = network.ForwardFeatures(images);
        string head = network.state_dict().Keys.Last();
        network.ResetHead(7);
        Assert.Equal(7, network.Classes);
        Assert.Equal([3, 7], network.call(images).shape);
        Assert.Equal(features, network.ForwardFeatures(images));
        Assert.Equal(head, network.state_dict().Keys.Last());
        Assert.All(network.parameters(), p => Assert.True(p.requires_grad));
        Assert.Equal(7, network.parameters().Last().shape[0]);
        Assert.Throws<OptionsException>(() => network.ResetHead(1));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Resizing_to_the_same_size_is_an_exact_copy(string family)
    {
        using var scope = torch.NewDisposeScope();
        using VisionNetwork network = Create(family);
        using VisionNetwork copy = network.ResizeTo(8, 12);
        copy.eval();
        using var noGradients = torch.no_grad();
        Tensor images = torch.randn(3, 2, 8, 12);
        Assert.Equal(network.call(images), copy.call(images));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_resized_network_takes_the_other_size_and_refuses_the_old_one(string family)
    {
        using var scope = torch.NewDisposeScope();
        using VisionNetwork network = Create(family);
        using VisionNetwork larger = network.ResizeTo(16, 16);
        larger.eval();
        using var noGradients = torch.no_grad();
        Assert.Equal([2, 5], larger.call(torch.randn(2, 2, 16, 16)).shape);
        Assert.Contains("the network was made for that size", Assert.Throws<ShapeException>(() => larger.call(torch.randn(2, 2, 8, 12))).Message, StringComparison.Ordinal);
    }

    /// <summary>On an image without detail a token-mixing network must give the same at every size: rows of W keep their sums.</summary>
    [Theory]
    [InlineData("gmlp")]
    [InlineData("mixer")]
    [InlineData("resmlp")]
    public void A_constant_image_is_classified_alike_at_every_size(string family)
    {
        using var scope = torch.NewDisposeScope();
        using VisionNetwork network = Create(family);
        using var noGradients = torch.no_grad();

        // What stands at each token must be constant too, or the mean over tokens changes with the grid.
        foreach ((string name, Tensor value) in network.state_dict())
        {
            if (name.EndsWith("gate.proj.bias", StringComparison.Ordinal) || name.EndsWith("mlp_tokens.fc2.bias", StringComparison.Ordinal) || name.EndsWith("linear_tokens.bias", StringComparison.Ordinal))
                value.fill_(0.7);
            if (name.EndsWith("gate.proj.weight", StringComparison.Ordinal) || name.EndsWith("linear_tokens.weight", StringComparison.Ordinal))
                value.copy_(torch.full_like(value, 0.3 / value.shape[1]));
            if (name.EndsWith("mlp_tokens.fc1.weight", StringComparison.Ordinal))
                value.copy_(value.mean([1], keepdim: true).expand_as(value).clone());
            if (name.EndsWith("mlp_tokens.fc2.weight", StringComparison.Ordinal))
                value.copy_(value.narrow(0, 0, 1).expand_as(value).clone());
        }

        using VisionNetwork larger = network.ResizeTo(20, 16);
        larger.eval();
        Tensor small = network.call(torch.full([1, 2, 8, 12], 0.4f)), large = larger.call(torch.full([1, 2, 20, 16], 0.4f));
        Assert.InRange((small - large).abs().max().item<float>(), 0, 1e-5);
    }

    [Fact]
    public void A_larger_grid_sees_the_same_filters()
    {
        using var scope = torch.NewDisposeScope();
        using var network = (GmlpVision)Create("gmlp");
        using var noGradients = torch.no_grad();

        // A token looks at its right neighbour on the 4 x 6 grid: after resizing, at the cells to the right on 8 x 12.
        Tensor w = torch.zeros(24, 24);
        for (int i = 0; i < 24; i++)
            w[i, i % 6 == 5 ? i : i + 1] = 1;
        foreach (GmlpBlock block in network.Blocks)
            block.Gate.Projection.Weight.copy_(w);
        using var larger = (GmlpVision)network.ResizeTo(16, 24);
        Tensor resized = larger.SpatialMatrices()[0];
        Assert.InRange((resized.sum([1]) - 1).abs().max().item<float>(), 0, 0.05);
        Tensor row = resized[4 * 12 + 4].view(8, 12);
        (long y, long x) = Math.DivRem(row.argmax().item<long>(), 12);
        Assert.InRange(y, 4, 5);
        Assert.InRange(x, 6, 7);
    }

    [Fact]
    public void A_Toeplitz_gmlp_refuses_another_grid()
    {
        using var network = new GmlpVision(new GmlpVisionOptions { ImageHeight = 8, ImageWidth = 8, Channels = 1, Classes = 2, PatchSize = 2, DModel = 4, DFfn = 4, Layers = 1, SpatialForm = SpatialForm.Toeplitz });
        Assert.Equal("spatialForm", Assert.Throws<OptionsException>(() => network.ResizeTo(16, 16)).Option);
    }

    [Fact]
    public void Attention_agrees_with_libtorchs()
    {
        using var scope = torch.NewDisposeScope();
        using var attention = new SelfAttention(12, 3);
        using var reference = torch.nn.MultiheadAttention(12, 3);
        Dictionary<string, Tensor> theirs = reference.state_dict();
        Tensor x = torch.randn(2, 7, 12);
        using (torch.no_grad())
        {
            foreach ((string name, Tensor value) in attention.state_dict())
                theirs[name.Replace("qkv.", "in_proj_", StringComparison.Ordinal).Replace("proj.", "out_proj.", StringComparison.Ordinal)].copy_(value);
        }

        Tensor sequenceFirst = x.transpose(0, 1);
        Tensor expected = reference.call(sequenceFirst, sequenceFirst, sequenceFirst, null!, false, null!).Item1;
        Assert.InRange((attention.call(x) - expected.transpose(0, 1)).abs().max().item<float>(), 0, 1e-6);
        using var noGradients = torch.no_grad();
        Assert.InRange((attention.call(x) - expected.transpose(0, 1)).abs().max().item<float>(), 0, 1e-6);
    }

    [Fact]
    public void Names_are_found_by_pattern_and_wrong_ones_get_a_suggestion()
    {
        Assert.Equal(["gmlp", "gmlp_ti16_224", "gmlp_s16_224", "gmlp_b16_224"], ModelZoo.List("gmlp*").Where(n => !n.StartsWith("gmlp_text", StringComparison.Ordinal)));
        Assert.Contains("vit_small", Assert.Throws<NotFoundException>(() => new ModelOptions { Name = "vit_smal" }.Validate()).Message, StringComparison.Ordinal);
        Assert.Throws<OptionsException>(() => ModelZoo.Create(new ModelOptions { Name = "bert_tiny" }, [3, 8, 8], 2, 1));
        Assert.Throws<OptionsException>(() => ModelZoo.CreateText(new ModelOptions { Name = "resnet18" }, 10, 8, new TextTokens(), 1));
    }
}
