namespace Espalier.Onnx.Graph;

/// <summary>What layers compute, from weights given as values.</summary>
public static class OnnxLayers
{
    /// <summary>x Wᵀ + b over the last dimension.</summary>
    /// <param name="graph">Takes the nodes.</param>
    /// <param name="value">[..., in].</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], or null.</param>
    public static OnnxValue Linear(this OnnxGraph graph, OnnxValue value, OnnxValue weight, OnnxValue? bias)
    {
        if (value.Rank == 2)
        {
            OnnxValue?[] inputs = bias is null ? [value, weight] : [value, weight, bias];
            return graph.Node("Gemm", inputs, [value.Shape[0], weight.Shape[0]], null, ("transB", 1L));
        }

        OnnxValue product = graph.MatMul(value, graph.Transpose(weight, 0, 1));
        return bias is null ? product : graph.Add(product, bias);
    }

    /// <summary>Layer normalisation over the last dimensions.</summary>
    /// <param name="graph">Takes the nodes.</param>
    /// <param name="value">The value.</param>
    /// <param name="weight">The scale; its shape is that of the normalised dimensions.</param>
    /// <param name="bias">The shift, or null.</param>
    /// <param name="epsilon">Added to the variance.</param>
    public static OnnxValue LayerNorm(this OnnxGraph graph, OnnxValue value, OnnxValue weight, OnnxValue? bias, double epsilon) =>
        graph.Node("LayerNormalization", bias is null ? [value, weight] : [value, weight, bias], value.Shape, null, ("axis", (long)(value.Rank - weight.Rank)), ("epsilon", epsilon));

    /// <summary>Batch normalisation with running statistics, over dimension 1.</summary>
    /// <param name="graph">Takes the node.</param>
    /// <param name="value">[batch, channels, ...].</param>
    /// <param name="weight">[channels].</param>
    /// <param name="bias">[channels].</param>
    /// <param name="mean">[channels].</param>
    /// <param name="variance">[channels].</param>
    /// <param name="epsilon">Added to the variance.</param>
    public static OnnxValue BatchNorm(this OnnxGraph graph, OnnxValue value, OnnxValue weight, OnnxValue bias, OnnxValue mean, OnnxValue variance, double epsilon) =>
        graph.Node("BatchNormalization", [value, weight, bias, mean, variance], value.Shape, null, ("epsilon", epsilon));

    /// <summary>softmax(q kᵀ scale + bias) v.</summary>
    /// <param name="graph">Takes the nodes.</param>
    /// <param name="query">[..., queries, width].</param>
    /// <param name="key">[..., keys, width].</param>
    /// <param name="value">[..., keys, width of the values].</param>
    /// <param name="scale">What scores are multiplied with, usually 1/sqrt(width).</param>
    /// <param name="bias">Added to the scores, or null: a mask holds large negative numbers.</param>
    /// <returns>[..., queries, width of the values].</returns>
    public static OnnxValue Attention(this OnnxGraph graph, OnnxValue query, OnnxValue key, OnnxValue value, double scale, OnnxValue? bias = null)
    {
        OnnxValue scores = graph.Scale(graph.MatMul(query, graph.Transpose(key, -2, -1)), scale);
        return graph.MatMul(graph.Softmax(bias is null ? scores : graph.Add(scores, bias)), value);
    }

    /// <summary>Channels cut into heads.</summary>
    /// <param name="graph">Takes the nodes.</param>
    /// <param name="value">[batch, tokens, channels].</param>
    /// <param name="heads">Divides the channels.</param>
    /// <returns>[batch, heads, tokens, channels of a head].</returns>
    public static OnnxValue SplitHeads(this OnnxGraph graph, OnnxValue value, long heads) =>
        graph.Permute(graph.Reshape(value, value.Shape[0], value.Shape[1], heads, value.Shape[2] / heads), 0, 2, 1, 3);

    /// <summary>The reverse of <see cref="SplitHeads"/>.</summary>
    /// <param name="graph">Takes the nodes.</param>
    /// <param name="value">[batch, heads, tokens, channels of a head].</param>
    /// <returns>[batch, tokens, channels].</returns>
    public static OnnxValue JoinHeads(this OnnxGraph graph, OnnxValue value) =>
        graph.Reshape(graph.Permute(value, 0, 2, 1, 3), value.Shape[0], value.Shape[2], value.Shape[1] * value.Shape[3]);

    /// <summary>How many places the second token of each pair lies after the first, negative before it; computed once for all layers.</summary>
    /// <param name="graph">Takes the nodes.</param>
    /// <param name="tokens">Number of tokens; <see cref="OnnxValue.Sequence"/> where it is open.</param>
    /// <returns>[tokens, tokens], int64.</returns>
    public static OnnxValue Distances(this OnnxGraph graph, long tokens) => graph.Shared(Key("distances", tokens), () =>
    {
        using var scope = torch.NewDisposeScope();
        if (!OnnxValue.IsOpen(tokens))
            return graph.Constant(torch.arange(tokens, dtype: torch.int64).unsqueeze(0) - torch.arange(tokens, dtype: torch.int64).unsqueeze(1), "distances");
        OnnxValue places = graph.Node("Range", [graph.Constant(torch.tensor(0L)), graph.Squeeze(graph.SequenceLength, 0), graph.Constant(torch.tensor(1L))], [tokens], torch.ScalarType.Int64);
        return graph.Subtract(graph.Unsqueeze(places, 0), graph.Unsqueeze(places, 1));
    });

    /// <summary>Scores of the future as -infinity, in a form that every runtime takes: a large negative number.</summary>
    /// <param name="graph">Takes the nodes.</param>
    /// <param name="tokens">Number of tokens; <see cref="OnnxValue.Sequence"/> where it is open.</param>
    /// <returns>[tokens, tokens]: zero where the key is not after the query.</returns>
    public static OnnxValue CausalBias(this OnnxGraph graph, long tokens) => graph.Shared(Key("causal", tokens), () =>
    {
        OnnxValue distances = graph.Distances(tokens);
        OnnxValue isLater = graph.Node("Greater", [distances, graph.Constant([0L])], distances.Shape, torch.ScalarType.Bool);
        return graph.Scale(graph.Cast(isLater, torch.ScalarType.Float32), float.MinValue / 2);
    });

    private static string Key(string what, long tokens) => FormattableString.Invariant($"{what} {tokens}");
}
