using Espalier.Onnx.Graph;
using TorchSharp.Modules;

namespace Espalier.Onnx.Conversions;

/// <summary>
/// How TorchSharp's multi-head attention (sequence first, [tokens, batch, channels]) is written in ONNX. The module does
/// not tell its number of heads, so each that divides the channels is tried against what the module computes.
/// </summary>
internal static class AttentionConversion
{
    private const int Tokens = 5;
    private const double Agreement = 1e-4;

    public static IReadOnlyList<OnnxValue> Convert(OnnxGraph graph, MultiheadAttention module, IReadOnlyList<OnnxValue> inputs)
    {
        if (inputs.Count > 3)
            throw graph.Refusal("masks of a multi-head attention have no conversion", "give the module around it a conversion with OnnxConversions.With");
        if (!module.has_parameter("in_proj_weight") || module.has_parameter("bias_k"))
            throw graph.Refusal("other widths of keys and values, and biases of keys, have no conversion", "make it with the same width everywhere");
        long channels = module.get_parameter("in_proj_weight")!.shape[1];
        long heads = Heads(graph, module, channels);
        OnnxValue weight = graph.Weight("in_proj_weight");
        OnnxValue? bias = graph.FindWeight("in_proj_bias");
        OnnxValue[] projected = [.. Enumerable.Range(0, 3).Select(i => graph.SplitHeads(
            graph.Linear(graph.Transpose(inputs[Math.Min(i, inputs.Count - 1)], 0, 1), graph.Slice(weight, 0, i * channels, channels), bias is null ? null : graph.Slice(bias, 0, i * channels, channels)), heads))];
        OnnxValue attended = graph.JoinHeads(graph.Attention(projected[0], projected[1], projected[2], 1 / Math.Sqrt(channels / (double)heads)));
        return [graph.Transpose(graph.Linear(attended, graph.Weight("out_proj.weight"), graph.FindWeight("out_proj.bias")), 0, 1)];
    }

    private static long Heads(OnnxGraph graph, MultiheadAttention module, long channels)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1);
        Tensor x = torch.randn([Tokens, 1, channels], generator: generator) * 3;
        Tensor expected = module.call(x, x, x, null, false, null).Item1;
        Tensor[] qkv = torch.nn.functional.linear(x.squeeze(1), module.get_parameter("in_proj_weight")!, module.get_parameter("in_proj_bias")).chunk(3, 1);
        (long Heads, double Difference)[] tried = [.. Enumerable.Range(1, (int)channels).Where(h => channels % h == 0).Select(h => ((long)h, Difference(h)))];
        (long heads, double difference) = tried.MinBy(t => t.Difference);
        return difference < Agreement * Math.Max(1, expected.abs().max().ToDouble()) ? heads : throw graph.Refusal("no number of heads explains what it computes", "give it a conversion with OnnxConversions.With");

        double Difference(long count)
        {
            long width = channels / count;
            Tensor[] parts = [.. qkv.Select(t => t.view(Tokens, count, width).transpose(0, 1))];
            Tensor joined = (parts[0].matmul(parts[1].transpose(1, 2)) / Math.Sqrt(width)).softmax(-1).matmul(parts[2]).transpose(0, 1).reshape(Tokens, channels);
            Tensor result = torch.nn.functional.linear(joined, module.get_parameter("out_proj.weight")!, module.get_parameter("out_proj.bias"));
            return (result - expected.squeeze(1)).abs().max().ToDouble();
        }
    }
}
