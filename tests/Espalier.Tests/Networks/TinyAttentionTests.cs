using Espalier.Networks.Gmlp;

namespace Espalier.Tests.Networks;

public sealed class TinyAttentionTests
{
    [Theory]
    [InlineData(3, false)]
    [InlineData(2, false)] // n = a: a softmax over the wrong axis would go unnoticed by shapes
    [InlineData(3, true)]
    public void It_is_scaled_dot_product_attention_with_correct_gradients(int tokens, bool causal)
    {
        const int Width = 2;
        using var scope = torch.NewDisposeScope();
        using var attention = new TinyAttention(4, 5, Width, causal);
        attention.to(torch.float64);
        Tensor n = torch.randn(2, tokens, 4, dtype: torch.float64).requires_grad_(true);

        var weights = attention.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        Tensor qkv = n.matmul(weights["qkv.weight"].t()) + weights["qkv.bias"];
        Tensor[] parts = qkv.chunk(3, -1);
        Tensor reference = torch.nn.functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_casual: causal)
            .matmul(weights["proj.weight"].t()) + weights["proj.bias"];
        Assert.InRange((attention.call(n) - reference).abs().max().ToDouble(), 0, 1e-12);

        double error = FiniteDifferences.LargestError(() => attention.call(n), [n, .. attention.parameters()]);
        Assert.InRange(error, 0, 1e-7);
    }
}
