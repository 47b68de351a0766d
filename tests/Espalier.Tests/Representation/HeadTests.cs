using Espalier.Errors;
using Espalier.Representation.Heads;
using static TorchSharp.torch.nn;

namespace Espalier.Tests.Representation;

public sealed class HeadTests
{
    [Fact]
    public void A_projection_head_is_linear_norm_relu_linear()
    {
        using var head = new ProjectionHead(5, new() { HiddenSize = 7, OutputSize = 3 }, seed: 1);
        using var scope = torch.NewDisposeScope();
        Dictionary<string, Tensor> w = head.state_dict();
        Assert.Equal(["hidden.bias", "hidden.weight", "norm.bias", "norm.num_batches_tracked", "norm.running_mean", "norm.running_var", "norm.weight", "output.weight"], w.Keys.Order(StringComparer.Ordinal));
        Tensor x = torch.randn(16, 5, generator: new torch.Generator(3));
        Tensor hidden = x.mm(w["hidden.weight"].t()) + w["hidden.bias"];
        // Batch statistics, biased variance, gain 1 and bias 0 at the start.
        Tensor normed = (hidden - hidden.mean([0L])) / (hidden.var(0, unbiased: false) + 1e-5).sqrt();
        Tensor expected = normed.clamp_min(0).mm(w["output.weight"].t());
        Assert.True((expected - head.call(x)).abs().max().ToSingle() < 1e-5);
        Assert.True(w["hidden.weight"].abs().max().ToSingle() <= 1 / MathF.Sqrt(5));
    }

    [Fact]
    public void The_norm_is_the_callers_and_belongs_to_the_head()
    {
        int asked = 0;
        using var head = new ProjectionHead(4, new() { HiddenSize = 6, OutputSize = 2, OutputBias = true }, norm: width =>
        {
            asked = width;
            return LayerNorm(width);
        });
        Assert.Equal(6, asked);
        string[] names = [.. head.named_parameters().Select(p => p.name)];
        Assert.Contains("norm.weight", names);
        Assert.Contains("output.bias", names);
        using var scope = torch.NewDisposeScope();
        Assert.Equal([1L, 2L], head.call(torch.rand(1, 4)).shape); // batch normalisation would refuse one sample
        Assert.Throws<ShapeException>(() => head.call(torch.rand(1, 5)));
    }

    [Fact]
    public void Weights_are_a_function_of_the_seed()
    {
        using var a = new ProjectionHead(4, new() { HiddenSize = 6, OutputSize = 2 }, seed: 5);
        torch.rand(3).Dispose();
        using var b = new ProjectionHead(4, new() { HiddenSize = 6, OutputSize = 2 }, seed: 5);
        using var c = new ProjectionHead(4, new() { HiddenSize = 6, OutputSize = 2 }, seed: 6);
        using var scope = torch.NewDisposeScope();
        Assert.True(Same(a, b));
        Assert.False(Same(a, c));

        static bool Same(Module x, Module y) => x.parameters().Zip(y.parameters()).All(p => p.First.equal(p.Second).all().item<bool>());
    }

    [Fact]
    public void A_dino_heads_logits_are_cosines_of_the_bottleneck_with_the_prototypes()
    {
        using var head = new DinoHead(5, new() { HiddenSize = 32, BottleneckSize = 6, OutputSize = 11 }, seed: 2);
        using var scope = torch.NewDisposeScope();
        Dictionary<string, Tensor> w = head.state_dict();
        Tensor x = torch.randn(9, 5, generator: new torch.Generator(3)) * 100;
        Tensor h = Gelu(x.mm(w["layers.0.weight"].t()));
        h = Gelu(h.mm(w["layers.1.weight"].t())).mm(w["layers.2.weight"].t());
        Tensor expected = functional.cosine_similarity(h.unsqueeze(1), w["prototypes"].unsqueeze(0), 2, 1e-12);
        Tensor logits = head.call(x);
        Assert.True((expected - logits).abs().max().ToSingle() < 1e-5);
        Assert.True(logits.abs().max().ToSingle() <= 1 + 1e-6);
        head.Prototypes.mul_no_grad(3);
        Assert.True((logits - head.call(x)).abs().max().ToSingle() < 1e-6); // the gain is fixed

        static Tensor Gelu(Tensor t) => t * (torch.erf(t / Math.Sqrt(2)) + 1) / 2;
    }

    [Fact]
    public void A_dino_heads_perceptron_starts_normal_with_deviation_002()
    {
        using var head = new DinoHead(64, new() { HiddenSize = 256, BottleneckSize = 16, OutputSize = 32 });
        using var scope = torch.NewDisposeScope();
        Tensor weight = head.state_dict()["layers.1.weight"];
        Assert.Equal(.02, weight.std().ToSingle(), 4 * .02 / Math.Sqrt(2 * 65536));
        Assert.Equal(0, head.state_dict()["layers.1.bias"].abs().sum().ToSingle());
        Assert.Equal(32 * 16, head.Prototypes.numel());
    }
}

file static class ParameterExtensions
{
    public static void mul_no_grad(this Tensor parameter, double factor)
    {
        using var _ = torch.no_grad();
        parameter.mul_(factor);
    }
}
