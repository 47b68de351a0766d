using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Gmlp;

namespace Espalier.Tests.Networks;

public sealed class GmlpVisionTests
{
    private static readonly GmlpVisionOptions Small = new()
    {
        ImageHeight = 6,
        ImageWidth = 4,
        Channels = 2,
        Classes = 3,
        PatchSize = 2,
        DModel = 5,
        DFfn = 8,
        Layers = 2,
    };

    [Theory]
    [InlineData("gmlp_ti16_224", 5_867_328, 1.34)]
    [InlineData("gmlp_s16_224", 19_422_656, 4.42)]
    [InlineData("gmlp_b16_224", 73_075_392, 15.78)]
    public void The_presets_have_the_published_sizes(string name, long parameters, double billionsOfMultiplyAdds)
    {
        using var model = ModelZoo.Create(new ModelOptions { Name = name }, [3, 224, 224], 1000, seed: 1);
        Assert.Equal(parameters, model.parameters().Sum(p => p.numel()));
        Assert.Equal(306, model.state_dict().Count);
        Assert.InRange(((GmlpVision)model).MultiplyAdds / 1e9 / billionsOfMultiplyAdds, 0.99, 1.01);
    }

    [Fact]
    public void The_full_size_network_computes_the_published_logits()
    {
        using var scope = torch.NewDisposeScope();
        using var model = ModelZoo.Create(new ModelOptions { Name = "gmlp_ti16_224" }, [3, 224, 224], 1000, seed: 1);
        model.eval();
        model.to(torch.float64);
        using var _ = torch.no_grad();
        uint k = 500;
        foreach ((string key, Tensor tensor) in model.state_dict())
        {
            Tensor r = HashedUniform(k++, tensor.shape);
            Tensor value = (key, tensor.dim()) switch
            {
                var (name, _) when name.EndsWith("gate.proj.weight", StringComparison.Ordinal) => r * (Math.Sqrt(12) * 0.5 / Math.Sqrt(196)),
                var (name, _) when name.EndsWith("gate.proj.bias", StringComparison.Ordinal) => 1 + 0.4 * r,
                (_, > 1) => r * (Math.Sqrt(12) / Math.Sqrt(tensor.numel() / tensor.shape[0])),
                var (name, _) when name.EndsWith("weight", StringComparison.Ordinal) => 1 + 0.4 * r,
                _ => 0.2 * r,
            };
            tensor.copy_(value);
        }

        Tensor input = 2 * HashedUniform(7777, [2, 3, 224, 224]);
        Tensor logits = model.call(input);
        double[] head = logits[0].narrow(0, 0, 5).data<double>().ToArray();
        double[] tail = logits[1].narrow(0, 997, 3).data<double>().ToArray();
        double[] expected = [0.154369, 0.390134, 0.342185, 0.405332, -0.210633, 0.131760, 0.056881, 0.517382];
        Assert.All(expected.Zip([.. head, .. tail]), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.Equal(799.44922, logits.abs().sum().ToDouble(), 1e-5);

        model.to(torch.float32);
        Tensor single = model.call(input.to(torch.float32));
        Assert.InRange((single.to(torch.float64) - logits).abs().max().ToDouble(), 0, 2e-5);
    }

    // The specification's hash, to [-0.5, 0.5).
    private static Tensor HashedUniform(uint k, long[] shape)
    {
        long count = shape.Aggregate(1L, (a, b) => a * b);
        double[] values = new double[count];
        for (long i = 0; i < count; i++)
        {
            uint x = unchecked((uint)(i + 1) * 2654435761u + (k + 1) * 40503u);
            x ^= x >> 15;
            x = unchecked(x * 2246822519u);
            x ^= x >> 13;
            x = unchecked(x * 3266489917u);
            x ^= x >> 16;
            values[i] = x / 4294967296.0 - 0.5;
        }

        return torch.tensor(values).view(shape);
    }

    [Fact]
    public void The_state_dict_has_timms_keys_in_timms_order()
    {
        using var model = new GmlpVision(Small);
        string[] keys = [.. model.state_dict().Keys];
        Assert.Equal(
            [
                "stem.proj.weight", "stem.proj.bias",
                "blocks.0.norm.weight", "blocks.0.norm.bias",
                "blocks.0.mlp_channels.fc1.weight", "blocks.0.mlp_channels.fc1.bias",
                "blocks.0.mlp_channels.gate.norm.weight", "blocks.0.mlp_channels.gate.norm.bias",
                "blocks.0.mlp_channels.gate.proj.weight", "blocks.0.mlp_channels.gate.proj.bias",
                "blocks.0.mlp_channels.fc2.weight", "blocks.0.mlp_channels.fc2.bias",
            ],
            keys[..12]);
        Assert.Equal(["norm.weight", "norm.bias", "head.weight", "head.bias"], keys[^4..]);
    }

    [Fact]
    public void At_the_start_tokens_do_not_mix_and_a_random_W_mixes_them_all()
    {
        using var scope = torch.NewDisposeScope();
        using var block = new GmlpBlock(Small, 6);
        using var generator = new torch.Generator(3);
        block.InitializeForImages(generator);
        using var _ = torch.no_grad();
        block.Gate.Projection.Weight.zero_();
        Tensor x = torch.randn(1, 6, 5);
        Tensor edited = x.clone();
        edited[0, 2].add_(torch.randn(5));
        bool[] Changed() => block.call(x).ne(block.call(edited)).any(2)[0].data<bool>().ToArray();
        Assert.Equal([false, false, true, false, false, false], Changed());

        // ... and the block is X + (first half of GELU(N U + b_U)) V + b_V.
        var p = block.named_parameters().ToDictionary(q => q.name, q => q.parameter);
        Tensor n = torch.nn.functional.layer_norm(x, [5], p["norm.weight"], p["norm.bias"], 1e-6);
        Tensor z = torch.nn.functional.gelu(n.matmul(p["mlp_channels.fc1.weight"].t()) + p["mlp_channels.fc1.bias"]);
        Tensor expected = x + z.narrow(2, 0, 4).matmul(p["mlp_channels.fc2.weight"].t()) + p["mlp_channels.fc2.bias"];
        Assert.InRange((block.call(x) - expected).abs().max().ToDouble(), 0, 1e-6);

        block.Gate.Projection.Weight.copy_(torch.randn(6, 6));
        Assert.DoesNotContain(false, Changed());
    }

    [Fact]
    public void A_multiple_of_the_identity_makes_the_block_permutation_equivariant()
    {
        using var scope = torch.NewDisposeScope();
        using var block = new GmlpBlock(Small, 6);
        using var generator = new torch.Generator(3);
        block.InitializeForImages(generator);
        block.to(torch.float64);
        using var _ = torch.no_grad();
        Tensor x = torch.randn(1, 6, 5, dtype: torch.float64);
        Tensor order = torch.tensor(new long[] { 3, 1, 5, 0, 2, 4 });
        double Difference() => (block.call(x).index_select(1, order) - block.call(x.index_select(1, order))).abs().max().ToDouble();
        block.Gate.Projection.Weight.copy_(0.7 * torch.eye(6, dtype: torch.float64));
        Assert.InRange(Difference(), 0, 1e-12);
        block.Gate.Projection.Weight.copy_(torch.randn(6, 6, dtype: torch.float64));
        Assert.True(Difference() > 1e-3);
    }

    [Fact]
    public void The_seed_alone_gives_the_weights()
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(1);
        using var a = new GmlpVision(Small with { DAttention = 4 }, seed: 5);
        torch.manual_seed(2);
        using var b = new GmlpVision(Small with { DAttention = 4 }, seed: 5);
        using var c = new GmlpVision(Small with { DAttention = 4 }, seed: 6);
        Assert.All(a.parameters().Zip(b.parameters()), pair => Assert.True(pair.First.eq(pair.Second).all().item<bool>()));
        Assert.Contains(a.parameters().Zip(c.parameters()), pair => !pair.First.eq(pair.Second).all().item<bool>());
    }

    [Fact]
    public void The_initial_weights_have_timms_moments()
    {
        using var scope = torch.NewDisposeScope();
        using var model = ModelZoo.Create(new ModelOptions { Name = "gmlp_ti16_224" }, [3, 224, 224], 10, seed: 3);
        var p = model.named_parameters().ToDictionary(q => q.name, q => q.parameter);
        double Std(string name) => p[name].std().ToDouble();
        Assert.Equal(1 / Math.Sqrt(3 * 16 * 16), Std("stem.proj.weight"), 4e-4);
        Assert.InRange(p["stem.proj.weight"].abs().max().ToDouble(), 0, 2 / Math.Sqrt(768) / 0.8796 + 1e-6);
        Assert.Equal(Math.Sqrt(2.0 / (128 + 768)), Std("blocks.3.mlp_channels.fc1.weight"), 4e-4);
        Assert.Equal(1e-6, Std("blocks.3.mlp_channels.gate.proj.weight"), 2e-8);
        Assert.Equal(1e-6, Std("blocks.3.mlp_channels.fc1.bias"), 1e-7);
        Assert.True(p["blocks.3.mlp_channels.gate.proj.bias"].eq(1).all().item<bool>());
        Assert.Equal(0, p["head.weight"].abs().sum().ToDouble());
    }

    [Fact]
    public void Pixels_are_standardised_inside_the_network()
    {
        using var scope = torch.NewDisposeScope();
        using var plain = new GmlpVision(Small, seed: 2);
        using var standardised = new GmlpVision(Small with { InputMean = [0.4, 0.5], InputStd = [0.2, 0.25] }, seed: 2);
        using var _ = torch.no_grad();
        Tensor x = torch.rand(3, 2, 6, 4);
        Tensor mean = torch.tensor(new[] { 0.4f, 0.5f }).view(1, 2, 1, 1);
        Tensor std = torch.tensor(new[] { 0.2f, 0.25f }).view(1, 2, 1, 1);
        Tensor difference = plain.ForwardFeatures((x - mean) / std) - standardised.ForwardFeatures(x);
        Assert.InRange(difference.abs().max().ToDouble(), 0, 1e-6);
        Assert.Equal(plain.state_dict().Keys, standardised.state_dict().Keys);
    }

    [Fact]
    public void A_network_made_inside_a_dispose_scope_outlives_it()
    {
        GmlpVision model;
        using (torch.NewDisposeScope())
            model = new GmlpVision(Small with { SpatialForm = SpatialForm.Toeplitz, Causal = true, DAttention = 2 });
        using var scope = torch.NewDisposeScope();
        Assert.Equal([1, 3], model.call(torch.rand(1, 2, 6, 4)).shape);
        model.to(torch.float64);
        Assert.Equal(torch.float64, model.call(torch.rand(1, 2, 6, 4, dtype: torch.float64)).dtype);
        Assert.All(model.SpatialMatrices(), w => Assert.Equal([6, 6], w.shape));
        model.Dispose();
    }

    [Fact]
    public void Training_reaches_every_parameter()
    {
        using var scope = torch.NewDisposeScope();
        using var model = new GmlpVision(Small with { DAttention = 2 }, seed: 1);
        using (torch.no_grad())
        {
            foreach (var parameter in model.parameters())
                parameter.add_(0.1 * torch.randn(parameter.shape));
        }

        model.call(torch.rand(4, 2, 6, 4)).pow(2).sum().backward();
        Assert.All(model.named_parameters(), p => Assert.True(p.parameter.grad!.abs().sum().ToDouble() > 0, p.name));
    }

    [Fact]
    public void Bad_options_are_refused_by_name()
    {
        void Refused(string option, GmlpVisionOptions options) =>
            Assert.Equal(option, Assert.Throws<OptionsException>(() => new GmlpVision(options)).Option);
        Refused("dFfn", Small with { DFfn = 7 });
        Refused("imageHeight", Small with { ImageHeight = 7 });
        Refused("imageWidth", Small with { PatchWidth = 3 });
        Refused("survivalProbability", Small with { SurvivalProbability = 0 });
        Refused("survivalProbability", Small with { SurvivalProbability = 1.1 });
        Refused("dAttention", Small with { DAttention = 0 });
        Refused("inputStd", Small with { InputStd = [0] });
        Refused("inputMean", Small with { InputMean = [0, 0, 0] });
        Refused("classes", Small with { Classes = null });
        using var model = new GmlpVision(Small);
        Assert.Throws<ShapeException>(() => model.call(torch.zeros(1, 2, 4, 6)));
    }
}
