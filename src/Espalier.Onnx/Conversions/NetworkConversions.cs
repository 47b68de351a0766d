using Espalier.Networks.Encoders;
using Espalier.Networks.Layers;
using Espalier.Networks.Mlp;
using Espalier.Onnx.Graph;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx.Conversions;

/// <summary>How the networks of Espalier are written in ONNX, in evaluation mode.</summary>
internal static class NetworkConversions
{
    public static OnnxConversions AddTo(OnnxConversions conversions) =>
        TextConversions.AddTo(VisionConversions.AddTo(TransformerConversions.AddTo(GmlpConversions.AddTo(conversions))))
            .With<Standardization>(Standardize)
            .With<DropPath>((_, _, x) => x)
            .With<SampleDropout>((_, _, x) => x)
            .With<FeedForward>((g, _, x) => g.Call("fc2", g.Gelu(g.Call("fc1", x))))
            .With<ChannelAffine>((g, _, x) => g.Add(g.Multiply(g.Weight("alpha"), x), g.Weight("beta")))
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
        bool isIdentity = module.get_buffer("mean")!.eq(0).all().item<bool>() && module.get_buffer("std")!.eq(1).all().item<bool>();
        return isIdentity ? x : graph.Divide(graph.Subtract(x, graph.Weight("mean")), graph.Weight("std"));
    }

    private static OnnxValue Normalized(OnnxGraph graph, OnnxValue x, string layers)
    {
        foreach ((Module layer, Module norm) in graph.Child(layers).children().Zip(graph.Child("norms").children()))
            x = graph.Relu(graph.Call(norm, graph.Call(layer, x)));
        return x;
    }
}
