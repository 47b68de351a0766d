using Espalier.Networks;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx;

/// <summary>How gMLP and its parts are written in ONNX.</summary>
internal static class GmlpConversions
{
    public static OnnxConversions AddTo(OnnxConversions conversions) => conversions
        .With<GmlpVision>((g, _, x) => g.Call("head", g.Mean(Features(g, x), [1])))
        .With<GmlpEncoder>((g, _, x) => g.Inside(g.Child("network"), () => g.Mean(Features(g, x), [1])))
        .With<GmlpBlock>(Block)
        .With<SpatialGatingUnit>((g, m, x) => Gate(g, m, x, null))
        .With<SpatialProjection>(Project);

    private static OnnxValue Features(OnnxGraph graph, OnnxValue x)
    {
        x = graph.Call("stem", graph.Call("input", x));
        foreach (Module block in graph.Child("blocks").children())
            x = graph.Call(block, x);
        return graph.Call("norm", x);
    }

    private static OnnxValue Block(OnnxGraph graph, GmlpBlock module, OnnxValue x)
    {
        OnnxValue normal = graph.Call("norm", x);
        OnnxValue branch = graph.Inside(graph.Child("mlp_channels"), () =>
        {
            OnnxValue z = graph.Gelu(graph.Call("fc1", normal));
            OnnxValue? attention = graph.FindChild("attn") is TinyAttention attn ? graph.Inside(attn, () => Attend(graph, attn, normal, module.Options.Causal)) : null;
            return graph.Call("fc2", graph.Inside(module.Gate, () => Gate(graph, module.Gate, z, attention)));
        });
        return graph.Add(x, branch);
    }

    private static OnnxValue Gate(OnnxGraph graph, SpatialGatingUnit module, OnnxValue z, OnnxValue? attention)
    {
        (OnnxValue passing, OnnxValue gating) = module.Gate == GateForm.MultiplicativeSplit
            ? (graph.Slice(z, 2, 0, module.OutputChannels), graph.Slice(z, 2, module.OutputChannels, module.OutputChannels))
            : (z, z);
        OnnxValue f = graph.Call("proj", graph.Call("norm", gating));
        if (attention is not null)
            f = graph.Add(f, attention);
        return module.Gate switch
        {
            GateForm.Linear => f,
            GateForm.Additive => graph.Add(passing, f),
            _ => graph.Multiply(passing, f),
        };
    }

    private static OnnxValue Project(OnnxGraph graph, SpatialProjection module, OnnxValue x)
    {
        OnnxValue matrix = graph.Weight("weight");
        if (module.Form == SpatialForm.Toeplitz)
            matrix = graph.Reshape(graph.Gather(matrix, graph.Weight("diagonals")), module.Tokens, module.Tokens);
        if (module.Causal)
            matrix = graph.Multiply(matrix, graph.Weight("past"));
        return graph.Add(graph.MatMul(matrix, x), graph.Unsqueeze(graph.Weight("bias"), 1));
    }

    private static OnnxValue Attend(OnnxGraph graph, TinyAttention module, OnnxValue x, bool causal)
    {
        IReadOnlyList<OnnxValue> qkv = graph.Chunk(graph.Call("qkv", x), 3, 2);
        OnnxValue? future = causal ? graph.CausalBias(x.Shape[1]) : null;
        return graph.Call("proj", graph.Attention(qkv[0], qkv[1], qkv[2], 1 / Math.Sqrt(module.Width), future));
    }
}
