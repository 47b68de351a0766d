using Espalier.Networks.Gmlp;
using Espalier.Onnx.Graph;

namespace Espalier.Onnx.Conversions;

/// <summary>How gMLP's blocks are written in ONNX.</summary>
internal static class GmlpConversions
{
    public static OnnxConversions AddTo(OnnxConversions conversions) => conversions
        .With<GmlpBlock>((g, m, x) => Block(g, m, x, null))
        .With<SpatialGatingUnit>((g, m, x) => Gate(g, m, x, null, null))
        .With<SpatialProjection>(Project);

    /// <summary>A block.</summary>
    /// <param name="graph">Takes the nodes.</param>
    /// <param name="module">The block.</param>
    /// <param name="x">[batch, tokens, d].</param>
    /// <param name="mask">[batch, tokens], 1 = real; null is all.</param>
    public static OnnxValue Block(OnnxGraph graph, GmlpBlock module, OnnxValue x, OnnxValue? mask) => graph.Inside(module, () =>
    {
        OnnxValue normal = graph.Call("norm", x);
        OnnxValue branch = graph.Inside(graph.Child("mlp_channels"), () =>
        {
            OnnxValue z = graph.Gelu(graph.Call("fc1", normal));
            OnnxValue? attention = module.Attention is { } attend ? graph.Inside(attend, () => Attend(graph, attend, normal, mask, module.Options.Causal)) : null;
            return graph.Call("fc2", graph.Inside(module.Gate, () => Gate(graph, module.Gate, z, attention, mask)));
        });
        return graph.Add(x, branch);
    });

    private static OnnxValue Gate(OnnxGraph graph, SpatialGatingUnit module, OnnxValue z, OnnxValue? attention, OnnxValue? mask)
    {
        (OnnxValue passing, OnnxValue gating) = module.Gate == GateForm.MultiplicativeSplit
            ? (graph.Slice(z, 2, 0, module.OutputChannels), graph.Slice(z, 2, module.OutputChannels, module.OutputChannels))
            : (z, z);
        OnnxValue v = graph.Call("norm", gating);
        if (mask is not null)
            v = graph.Multiply(v, graph.Unsqueeze(mask, 2));
        OnnxValue f = graph.Call("proj", v);
        if (attention is not null)
            f = graph.Add(f, attention);
        f = module.Activation switch
        {
            GateActivation.Tanh => graph.Tanh(f),
            GateActivation.Sigmoid => graph.Sigmoid(f),
            _ => f,
        };
        return module.Gate switch
        {
            GateForm.Linear => f,
            GateForm.Additive => graph.Add(passing, f),
            _ => graph.Multiply(passing, f),
        };
    }

    // G = W V + beta, one W for all channels or one for each group of them.
    private static OnnxValue Project(OnnxGraph graph, SpatialProjection module, OnnxValue v)
    {
        long tokens = v.Shape[1];
        OnnxValue matrix = graph.Weight("weight");
        if (module.Form == SpatialForm.Toeplitz)
            matrix = graph.Gather(matrix, Corner(graph, graph.Weight("diagonals"), tokens), -1);
        else
            matrix = Corner(graph, matrix, tokens);
        if (module.Causal)
            matrix = graph.Multiply(matrix, Corner(graph, graph.Weight("past"), tokens));
        OnnxValue bias = graph.Weight("bias");
        bias = graph.Unsqueeze(module.SharedBias ? bias : graph.Slice(bias, -1, 0, tokens), bias.Rank);
        if (module.Heads == 1)
            return graph.Add(graph.MatMul(matrix, v), bias);
        OnnxValue mixed = graph.Add(graph.MatMul(matrix, graph.SplitHeads(v, module.Heads)), bias);
        return graph.JoinHeads(mixed);
    }

    private static OnnxValue Corner(OnnxGraph graph, OnnxValue matrix, long tokens) =>
        graph.Slice(graph.Slice(matrix, -2, 0, tokens), -1, 0, tokens);

    private static OnnxValue Attend(OnnxGraph graph, TinyAttention module, OnnxValue x, OnnxValue? mask, bool causal)
    {
        IReadOnlyList<OnnxValue> qkv = graph.Chunk(graph.Call("qkv", x), 3, 2);
        OnnxValue? excluded = TransformerConversions.Excluded(graph, mask);
        OnnxValue? bias = TransformerConversions.Sum(graph, excluded is null ? null : graph.Squeeze(excluded, 1), causal ? graph.CausalBias(x.Shape[1]) : null);
        return graph.Call("proj", graph.Attention(qkv[0], qkv[1], qkv[2], 1 / Math.Sqrt(module.Width), bias));
    }
}
