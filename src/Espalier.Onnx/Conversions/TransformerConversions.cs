using Espalier.Networks.Attention;
using Espalier.Onnx.Graph;

namespace Espalier.Onnx.Conversions;

/// <summary>How blocks with attention are written in ONNX, with and without tokens that are not looked at.</summary>
internal static class TransformerConversions
{
    /// <summary>What scores of padding get, as the networks have it: a token that sees nothing else stays finite.</summary>
    private const double Unseen = -1e9;

    public static OnnxConversions AddTo(OnnxConversions conversions) => conversions
        .With<TransformerBlock>((g, m, x) => Block(g, m, x, null))
        .With<SelfAttention>((g, m, x) => Attend(g, m, x, null));

    /// <summary>What is added to the scores of every query and head.</summary>
    /// <param name="graph">Takes the nodes.</param>
    /// <param name="mask">[batch, tokens], 1 = real; null is all.</param>
    /// <returns>[batch, 1, 1, tokens], or null.</returns>
    public static OnnxValue? Excluded(OnnxGraph graph, OnnxValue? mask) => mask is null ? null
        : graph.Reshape(graph.Scale(graph.Subtract(graph.Constant(1.0), mask), Unseen), mask.Shape[0], 1, 1, mask.Shape[1]);

    public static OnnxValue Block(OnnxGraph graph, TransformerBlock module, OnnxValue x, OnnxValue? excluded) => graph.Inside(module, () =>
    {
        OnnxValue normal = graph.Call("norm1", x);
        OnnxValue sum = graph.Add(x, graph.Inside(module.Attention, () => Attend(graph, module.Attention, normal, excluded)));
        return graph.Add(sum, graph.Call("mlp", graph.Call("norm2", sum)));
    });

    /// <summary>The learned bias per relative position, [heads, tokens, tokens].</summary>
    public static OnnxValue Relative(OnnxGraph graph, RelativePositionBias module, long tokens) => graph.Inside(module, () =>
    {
        long length = (module.Weight.shape[1] + 1) / 2;
        return graph.Gather(graph.Weight("weight"), graph.Add(graph.Distances(tokens), graph.Constant([length - 1])), 1);
    });

    /// <summary>The sum of two biases of scores, either of which may be missing.</summary>
    public static OnnxValue? Sum(OnnxGraph graph, OnnxValue? a, OnnxValue? b) => a is null ? b : b is null ? a : graph.Add(a, b);

    private static OnnxValue Attend(OnnxGraph graph, SelfAttention module, OnnxValue x, OnnxValue? excluded)
    {
        long tokens = x.Shape[1];
        OnnxValue[] qkv = [.. graph.Chunk(graph.Call("qkv", x), 3, 2).Select(part => graph.SplitHeads(part, module.Heads))];
        OnnxValue? bias = Sum(graph, module.RelativeBias is { } relative ? Relative(graph, relative, tokens) : null, excluded);
        if (module.Causal)
            bias = Sum(graph, bias, graph.CausalBias(tokens));
        return graph.Call("proj", graph.JoinHeads(graph.Attention(qkv[0], qkv[1], qkv[2], 1 / Math.Sqrt(qkv[0].Shape[3]), bias)));
    }
}
