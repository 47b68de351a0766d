using System.Runtime.CompilerServices;
using Espalier.Onnx.Graph;
using TorchSharp.Modules;

namespace Espalier.Onnx.Conversions;

/// <summary>How GRU and LSTM are written in ONNX. The gates are stored in another order there, so the graph cuts and joins the weights.</summary>
internal static class RecurrentConversions
{
    // torch has reset, update, new and input, forget, cell, output; ONNX update, reset, new and input, output, forget, cell.
    private static readonly int[] GruOrder = [1, 0, 2];
    private static readonly int[] LstmOrder = [0, 3, 1, 2];

    public static OnnxConversions AddTo(OnnxConversions conversions) => conversions
        .WithMany<GRU>((g, m, x) => Layers(g, x, "GRU", GruOrder, BatchFirst(m)))
        .WithMany<LSTM>((g, m, x) => Layers(g, x, "LSTM", LstmOrder, BatchFirst(m)));

    private static IReadOnlyList<OnnxValue> Layers(OnnxGraph graph, IReadOnlyList<OnnxValue> inputs, string type, int[] order, bool batchFirst)
    {
        if (inputs.Count > 1)
            throw graph.Refusal("an initial state that is given has no conversion", "let it start from zeros");
        bool bidirectional = graph.Current.has_parameter("weight_ih_l0_reverse");
        long directions = bidirectional ? 2 : 1;
        OnnxValue x = batchFirst ? graph.Transpose(inputs[0], 0, 1) : inputs[0];     // [steps, batch, features]
        var last = new List<OnnxValue>();
        for (int layer = 0; graph.Current.has_parameter($"weight_ih_l{layer}"); layer++)
        {
            string[] suffixes = bidirectional ? [$"l{layer}", $"l{layer}_reverse"] : [$"l{layer}"];
            long hidden = graph.Current.get_parameter($"weight_hh_l{layer}")!.shape[1];
            OnnxValue w = Stacked(graph, suffixes.Select(s => Reordered(graph, $"weight_ih_{s}", order, hidden)));
            OnnxValue r = Stacked(graph, suffixes.Select(s => Reordered(graph, $"weight_hh_{s}", order, hidden)));
            OnnxValue? b = graph.Current.has_parameter($"bias_ih_l{layer}")
                ? Stacked(graph, suffixes.Select(s => graph.Concatenate([Reordered(graph, $"bias_ih_{s}", order, hidden), Reordered(graph, $"bias_hh_{s}", order, hidden)], 0)))
                : null;
            (string, object)[] attributes = [("hidden_size", hidden), ("direction", bidirectional ? "bidirectional" : "forward"), .. type == "GRU" ? [("linear_before_reset", (object)1L)] : Array.Empty<(string, object)>()];
            long[] sequence = [x.Shape[0], directions, x.Shape[1], hidden];
            long[] state = [directions, x.Shape[1], hidden];
            IReadOnlyList<OnnxValue> results = graph.Nodes(type, b is null ? [x, w, r] : [x, w, r, b], type == "LSTM" ? [sequence, state, state] : [sequence, state], null, attributes);
            x = graph.Reshape(graph.Permute(results[0], 0, 2, 1, 3), x.Shape[0], x.Shape[1], directions * hidden);
            last.Add(results[1]);
        }

        // The cells of an LSTM are not given on: nothing between layers reads them.
        return [batchFirst ? graph.Transpose(x, 0, 1) : x, last.Count == 1 ? last[0] : graph.Concatenate(last, 0)];
    }

    private static OnnxValue Reordered(OnnxGraph graph, string name, int[] order, long hidden)
    {
        OnnxValue weight = graph.Weight(name);
        return graph.Concatenate([.. order.Select(o => graph.Slice(weight, 0, o * hidden, hidden))], 0);
    }

    private static OnnxValue Stacked(OnnxGraph graph, IEnumerable<OnnxValue> directions)
    {
        OnnxValue[] each = [.. directions.Select(d => graph.Unsqueeze(d, 0))];
        return each.Length == 1 ? each[0] : graph.Concatenate(each, 0);
    }

    // TorchSharp keeps the layout to itself.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_batch_first")]
    private static extern ref bool BatchFirst(GRU module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_batch_first")]
    private static extern ref bool BatchFirst(LSTM module);
}
