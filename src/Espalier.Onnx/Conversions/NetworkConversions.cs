using Espalier.Networks;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx;

/// <summary>How the networks of Espalier are written in ONNX, in evaluation mode.</summary>
internal static class NetworkConversions
{
    public static OnnxConversions AddTo(OnnxConversions conversions) => GmlpConversions.AddTo(conversions)
        .With<Standardization>(Standardize)
        .With<DropPath>((_, _, x) => x)
        .With<SampleDropout>((_, _, x) => x)
        .With<PatchEmbedding>(Patches)
        .With<MlpClassifier>((g, _, x) =>
        {
            x = g.Call("input", g.Flatten(x));
            Module[] layers = [.. g.Child("layers").children()];
            for (int i = 0; i < layers.Length; i++)
                x = i < layers.Length - 1 ? g.Relu(g.Call(layers[i], x)) : g.Call(layers[i], x);
            return x;
        })
        .With<MlpEncoder>((g, _, x) => Normalized(g, g.Call("input", g.Flatten(x)), "layers"))
        .With<ConvEncoder>((g, _, x) => g.Mean(Normalized(g, g.Call("input", x), "convs"), [2, 3]))
        .With<EncoderClassifier>((g, _, x) => g.Call("head", g.Call("encoder", x)));

    private static OnnxValue Standardize(OnnxGraph graph, Standardization module, OnnxValue x)
    {
        using var scope = torch.NewDisposeScope();
        Tensor mean = module.get_buffer("mean")!;
        Tensor std = module.get_buffer("std")!;
        if (mean.eq(0).all().item<bool>() && std.eq(1).all().item<bool>())
            return x;
        return graph.Divide(graph.Subtract(x, graph.Weight(mean)), graph.Weight(std));
    }

    // A convolution whose stride is its kernel, tokens in row-major order.
    private static OnnxValue Patches(OnnxGraph graph, PatchEmbedding module, OnnxValue x) =>
        graph.Transpose(graph.Flatten(graph.Call("proj", x), 2), 1, 2);

    private static OnnxValue Normalized(OnnxGraph graph, OnnxValue x, string layers)
    {
        foreach ((Module layer, Module norm) in graph.Child(layers).children().Zip(graph.Child("norms").children()))
            x = graph.Relu(graph.Call(norm, graph.Call(layer, x)));
        return x;
    }
}
