using Espalier.Networks.Attention;
using Espalier.Networks.Encoders;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Layers;
using Espalier.Networks.Vision;
using Espalier.Onnx.Graph;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx.Conversions;

/// <summary>How the networks for images are written in ONNX.</summary>
internal static class VisionConversions
{
    public static OnnxConversions AddTo(OnnxConversions conversions) => conversions
        .With<PatchEmbedding>((g, _, x) => g.Transpose(g.Flatten(g.Call("proj", x), 2), 1, 2))
        .With<GmlpVision>((g, _, x) => g.Call("head", g.Mean(Features(g, x), [1])))
        .With<GmlpEncoder>((g, _, x) => g.Inside(g.Child("network"), () => g.Mean(Features(g, x), [1])))
        .With<MlpMixer>((g, _, x) => g.Call("head", g.Mean(Features(g, x), [1])))
        .With<MixerBlock>((g, _, x) =>
        {
            x = g.Add(x, g.Transpose(g.Call("mlp_tokens", g.Transpose(g.Call("norm1", x), 1, 2)), 1, 2));
            return g.Add(x, g.Call("mlp_channels", g.Call("norm2", x)));
        })
        .With<ResMlp>((g, _, x) => g.Call("head", g.Mean(Features(g, x), [1])))
        .With<ResMlpBlock>((g, _, x) =>
        {
            OnnxValue mixed = g.Transpose(g.Call("linear_tokens", g.Transpose(g.Call("norm1", x), 1, 2)), 1, 2);
            x = g.Add(x, g.Multiply(g.Weight("ls1"), mixed));
            return g.Add(x, g.Multiply(g.Weight("ls2"), g.Call("mlp_channels", g.Call("norm2", x))));
        })
        .With<VisionTransformer>(Transform)
        .With<ResNet>(Convolve)
        .With<ConvNet>(Stack)
        .With<WideResNet>((g, m, x) =>
        {
            x = g.Call("conv1", g.Call("input", x));
            foreach (WideResNetBlock block in m.Blocks)
                x = g.Call(block, x);
            return g.Call("fc", g.Mean(g.Relu(g.Call("bn1", x)), [2, 3]));
        })
        .With<WideResNetBlock>((g, m, x) =>
        {
            OnnxValue active = g.Relu(g.Call("bn1", x));
            OnnxValue branch = g.Call("conv2", g.Relu(g.Call("bn2", g.Call("conv1", active))));
            return g.Add(branch, m.Shortcut is null ? x : g.Call(m.Shortcut, active));
        })
        .With<AllConvNet>(AllConvolve)
        .With<ResNetBlock>((g, m, x) =>
        {
            OnnxValue branch = x;
            for (int i = 0; i < m.Convolutions.Count; i++)
            {
                branch = g.Call(m.Norms[i], g.Call(m.Convolutions[i], branch));
                if (i < m.Convolutions.Count - 1)
                    branch = g.Relu(branch);
            }

            return g.Relu(g.Add(branch, m.Downsample is null ? x : g.Call(m.Downsample, x)));
        });

    private static OnnxValue Features(OnnxGraph graph, OnnxValue x)
    {
        x = graph.Call("stem", graph.Call("input", x));
        foreach (Module block in graph.Child("blocks").children())
            x = graph.Call(block, x);
        return graph.Call("norm", x);
    }

    private static OnnxValue Transform(OnnxGraph graph, VisionTransformer module, OnnxValue x)
    {
        x = graph.Call("patch_embed", graph.Call("input", x));
        if (graph.FindWeight("cls_token") is { } token)
            x = graph.Concatenate([graph.ExpandToBatch(token, x), x], 1);
        x = graph.Add(x, graph.Weight("pos_embed"));
        foreach (TransformerBlock block in module.Blocks)
            x = graph.Call(block, x);
        x = graph.Call("norm", x);
        return graph.Call("head", module.Options.Pooling == VitPooling.Mean ? graph.Mean(x, [1]) : graph.Select(x, 1, 0));
    }

    private static OnnxValue Convolve(OnnxGraph graph, ResNet module, OnnxValue x)
    {
        x = graph.Relu(graph.Call("bn1", graph.Call("conv1", graph.Call("input", x))));
        if (!module.Options.SmallImages)
            x = PoolingConversions.Max(graph, x, [3], [2], [1], null, ceil: false);
        foreach (ResNetBlock block in module.Blocks)
            x = graph.Call(block, x);
        return graph.Call("fc", graph.Mean(x, [2, 3]));
    }

    private static OnnxValue AllConvolve(OnnxGraph graph, AllConvNet module, OnnxValue x)
    {
        x = graph.Call("input", x);
        int convolution = 0;
        foreach ((Module layer, Module norm) in graph.Child("convs").children().Zip(graph.Child("norms").children()))
        {
            x = graph.Call(norm, graph.Call(layer, x));
            x = graph.Multiply(x, graph.Sigmoid(graph.Scale(x, ConvNet.SigmoidSlope)));
            if (AllConvNet.PoolsAfter(convolution++))
                x = PoolingConversions.Max(graph, x, [2], [2], [0], null, ceil: false);
        }

        return graph.Call("fc", graph.Mean(x, [2, 3]));
    }

    private static OnnxValue Stack(OnnxGraph graph, ConvNet module, OnnxValue x)
    {
        x = graph.Call("input", x);
        for (int i = 0; i < module.Options.Convolutions.Count; i++)
        {
            x = graph.Call($"conv{i + 1}", x);
            if (module.Options.Convolutions[i].Pool is > 1 and int pool)
                x = PoolingConversions.Max(graph, x, [pool], [pool], [0], null, ceil: false);
            x = Activated(x);
        }

        x = graph.Flatten(x);
        for (int i = 0; i <= module.Options.HiddenSizes.Count; i++)
        {
            x = graph.Call($"fc{i + 1}", x);
            if (i < module.Options.HiddenSizes.Count)
                x = Activated(x);
        }

        return x;

        OnnxValue Activated(OnnxValue value) => module.Options.Activation == ConvActivation.Relu
            ? graph.Relu(value)
            : graph.Multiply(value, graph.Sigmoid(graph.Scale(value, ConvNet.SigmoidSlope)));
    }
}
