using Espalier.Networks.Attention;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Onnx.Graph;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx.Conversions;

/// <summary>
/// How the networks for text are written in ONNX: from token ids, [batch, tokens]; which of them are padding and which belong
/// to which sentence is found in the graph, as it is in the network. The number of tokens may be open: what a layer holds for each
/// position is cut at run time to as many as there are.
/// </summary>
internal static class TextConversions
{
    public static OnnxConversions AddTo(OnnxConversions conversions) => conversions
        .With<GmlpTextEncoder>(Gmlp)
        .With<BertEncoder>(Bert)
        .With<GptEncoder>(Gpt)
        .With<GruEncoder>((g, _, ids) => g.CallMany(g.Child("gru"), [g.Call("embed", ids)])[0])
        .With<TextPooler>((g, _, x) => g.Tanh(g.Call("dense", g.Select(x, 1, 0))))
        .With<VocabularyTransform>((g, _, x) => g.Call("LayerNorm", g.Gelu(g.Call("dense", x))))
        .With<MaskedLanguageModel>((g, m, ids) =>
        {
            OnnxValue hidden = g.Call(m.Encoder, ids);
            return g.Inside(m.Head, () => Vocabulary(g, m.Encoder, hidden));
        })
        .With<CausalLanguageModel>((g, m, ids) =>
        {
            OnnxValue hidden = g.Call(m.Encoder, ids);
            return g.Inside(g.Child("head"), () => Vocabulary(g, m.Encoder, hidden));
        })
        .With<QuestionAnswering>((g, m, ids) => g.Call("qa_outputs", g.Call(m.Encoder, ids)))
        .With<SequenceClassifier>(Classify);

    private static OnnxValue Gmlp(OnnxGraph graph, GmlpTextEncoder module, OnnxValue ids)
    {
        OnnxValue x = graph.Call("embed", ids);
        if (graph.FindChild("segment_embed") is { } segments)
            x = graph.Add(x, graph.Call(segments, Segments(graph, module, ids)));
        OnnxValue? mask = module.Options.Padding == PadHandling.ZeroGateInput ? Real(graph, module, ids) : null;
        foreach (GmlpBlock block in module.Blocks)
            x = GmlpConversions.Block(graph, block, x, mask);
        return graph.Call("norm", x);
    }

    private static OnnxValue Gpt(OnnxGraph graph, GptEncoder module, OnnxValue ids)
    {
        OnnxValue x = graph.Call("embed", ids);
        if (graph.FindChild("pos_embed") is { } positions)
            x = graph.Add(x, First(graph, positions, ids));
        OnnxValue? excluded = module.Causal ? null : TransformerConversions.Excluded(graph, Real(graph, module, ids));
        foreach (TransformerBlock block in module.Blocks)
            x = TransformerConversions.Block(graph, block, x, excluded);
        return graph.Call("norm", x);
    }

    private static OnnxValue Bert(OnnxGraph graph, BertEncoder module, OnnxValue ids)
    {
        OnnxValue x = graph.Inside(module.Embeddings, () =>
        {
            OnnxValue sum = graph.Call("word_embeddings", ids);
            if (graph.FindChild("token_type_embeddings") is { } segments)
                sum = graph.Add(sum, graph.Call(segments, Segments(graph, module, ids)));
            if (graph.FindChild("position_embeddings") is { } positions)
                sum = graph.Add(sum, First(graph, positions, ids));
            return graph.FindChild("LayerNorm") is { } norm ? graph.Call(norm, sum) : sum;
        });
        OnnxValue? excluded = TransformerConversions.Excluded(graph, Real(graph, module, ids));
        foreach (BertBlock block in module.Blocks)
            x = graph.Inside(block, () => BertBlock(graph, block.PreNorm, module.Options.Heads, x, excluded));
        return module.FinalNorm is null ? x : graph.Call("norm", x);
    }

    private static OnnxValue BertBlock(OnnxGraph graph, bool preNorm, long heads, OnnxValue x, OnnxValue? excluded)
    {
        OnnxValue attended = graph.Inside(graph.Child("attention"), () =>
        {
            Module output = graph.Child("output");
            OnnxValue normal = preNorm ? graph.Inside(output, () => graph.Call("LayerNorm", x)) : x;
            OnnxValue mixed = graph.Inside(graph.Child("self"), () => BertAttention(graph, heads, normal, excluded));
            return graph.Inside(output, () => Residual(graph, preNorm, mixed, x));
        });
        Module last = graph.Child("output");
        OnnxValue read = preNorm ? graph.Inside(last, () => graph.Call("LayerNorm", attended)) : attended;
        OnnxValue hidden = graph.Gelu(graph.Inside(graph.Child("intermediate"), () => graph.Call("dense", read)));
        return graph.Inside(last, () => Residual(graph, preNorm, hidden, attended));
    }

    private static OnnxValue BertAttention(OnnxGraph graph, long heads, OnnxValue x, OnnxValue? excluded)
    {
        OnnxValue? bias = graph.FindChild("relative_bias") is RelativePositionBias relative
            ? TransformerConversions.Sum(graph, TransformerConversions.Relative(graph, relative, x.Shape[1]), excluded)
            : excluded;
        OnnxValue value = graph.SplitHeads(graph.Call("value", x), heads);
        if (graph.FindChild("query") is null)
            return graph.JoinHeads(graph.MatMul(graph.Softmax(bias!), value));
        OnnxValue query = graph.SplitHeads(graph.Call("query", x), heads);
        OnnxValue key = graph.SplitHeads(graph.Call("key", x), heads);
        return graph.JoinHeads(graph.Attention(query, key, value, 1 / Math.Sqrt(query.Shape[3]), bias));
    }

    private static OnnxValue Residual(OnnxGraph graph, bool preNorm, OnnxValue branch, OnnxValue residual)
    {
        OnnxValue sum = graph.Add(residual, graph.Call("dense", branch));
        return preNorm ? sum : graph.Call("LayerNorm", sum);
    }

    private static OnnxValue Classify(OnnxGraph graph, SequenceClassifier module, OnnxValue ids)
    {
        OnnxValue hidden = graph.Call(module.Encoder, ids);
        if (module.Pooling == SequencePooling.FirstToken)
            return graph.Call("classifier", graph.Call(module.Encoder.Pooler is { } own ? own : graph.Child("pooler"), hidden));
        if (Real(graph, module.Encoder, ids) is not { } real)
            return graph.Call("classifier", module.Pooling == SequencePooling.LastToken ? graph.Last(hidden, 1) : graph.Mean(hidden, [1]));
        if (module.Pooling == SequencePooling.LastToken)
        {
            OnnxValue before = graph.Node("CumSum", [real, graph.Constant([1L])], real.Shape);
            OnnxValue later = graph.Node("Clip", [graph.Subtract(graph.Unsqueeze(graph.Sum(real, [1]), 1), before), graph.Constant(0.0), graph.Constant(1.0)], real.Shape);
            OnnxValue isLast = graph.Multiply(real, graph.Subtract(graph.Constant(1.0), later));
            return graph.Call("classifier", graph.Sum(graph.Multiply(hidden, graph.Unsqueeze(isLast, 2)), [1]));
        }

        real = graph.Unsqueeze(real, 2);
        OnnxValue count = graph.Sum(real, [1]);
        return graph.Call("classifier", graph.Divide(graph.Sum(graph.Multiply(hidden, real), [1]), graph.Node("Max", [count, graph.Constant(1.0)], count.Shape)));
    }

    // Logits over the vocabulary, tied to the token embedding; the current module is the head.
    private static OnnxValue Vocabulary(OnnxGraph graph, TextEncoder encoder, OnnxValue hidden)
    {
        if (graph.FindChild("transform") is { } transform)
            hidden = graph.Call(transform, hidden);
        OnnxValue embedding = graph.Inside(encoder, () => encoder is BertEncoder bert
            ? graph.Inside(bert.Embeddings, () => graph.Inside(graph.Child("word_embeddings"), () => graph.Weight("weight")))
            : graph.Inside(graph.Child("embed"), () => graph.Weight("weight")));
        return graph.Linear(hidden, embedding, graph.Weight("bias"));
    }

    // [1, tokens, d]: the first positions of a table.
    private static OnnxValue First(OnnxGraph graph, Module table, OnnxValue ids) =>
        graph.Unsqueeze(graph.Slice(graph.Inside(table, () => graph.Weight("weight")), 0, 0, ids.Shape[1]), 0);

    // [batch, tokens], 1 = real; null where nothing is padding.
    private static OnnxValue? Real(OnnxGraph graph, TextEncoder encoder, OnnxValue ids) => encoder.PadToken is not { } pad ? null
        : graph.Cast(graph.Node("Not", [graph.Node("Equal", [ids, graph.Constant([pad])], ids.Shape, torch.ScalarType.Bool)], ids.Shape), torch.ScalarType.Float32);

    // [batch, tokens]: how many separators came before, at most the last segment.
    private static OnnxValue Segments(OnnxGraph graph, TextEncoder encoder, OnnxValue ids)
    {
        if (encoder.Tokens.Separator is not { } separator)
            return graph.Node("Sub", [ids, ids], ids.Shape);
        OnnxValue separators = graph.Cast(graph.Node("Equal", [ids, graph.Constant([separator])], ids.Shape, torch.ScalarType.Bool), torch.ScalarType.Int64);
        OnnxValue before = graph.Subtract(graph.Node("CumSum", [separators, graph.Constant([1L])], ids.Shape), separators);
        return graph.Node("Min", [before, graph.Constant([encoder.Segments - 1L])], ids.Shape);
    }
}
