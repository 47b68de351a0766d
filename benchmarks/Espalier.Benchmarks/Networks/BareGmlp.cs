using F = TorchSharp.torch.nn.functional;

namespace Espalier.Benchmarks.Networks;

/// <summary>gMLP's operators without modules: what the network must cost at least in TorchSharp.</summary>
internal static class BareGmlp
{
    private const int Patch = 16;

    /// <summary>Logits of images.</summary>
    /// <param name="w">The network's state dict.</param>
    /// <param name="images">[batch, 3, 224, 224].</param>
    /// <param name="layers">Number of blocks.</param>
    public static Tensor Logits(IReadOnlyDictionary<string, Tensor> w, Tensor images, int layers)
    {
        long batch = images.shape[0], side = images.shape[2] / Patch;
        Tensor patches = images.reshape(batch, 3, side, Patch, side, Patch).permute(0, 2, 4, 1, 3, 5).reshape(batch, side * side, 3 * Patch * Patch);
        Tensor x = F.linear(patches, w["stem.proj.weight"].flatten(1), w["stem.proj.bias"]);
        long d = x.shape[2];
        for (int i = 0; i < layers; i++)
        {
            string b = $"blocks.{i}.", m = b + "mlp_channels.";
            Tensor n = F.layer_norm(x, [d], w[b + "norm.weight"], w[b + "norm.bias"], 1e-6);
            Tensor z = F.gelu(F.linear(n, w[m + "fc1.weight"], w[m + "fc1.bias"]));
            long h = z.shape[2] / 2;
            Tensor v = F.layer_norm(z.narrow(2, h, h), [h], w[m + "gate.norm.weight"], w[m + "gate.norm.bias"], 1e-5);
            Tensor gate = F.linear(v.transpose(1, 2), w[m + "gate.proj.weight"], w[m + "gate.proj.bias"]).transpose(1, 2);
            x = x + F.linear(z.narrow(2, 0, h) * gate, w[m + "fc2.weight"], w[m + "fc2.bias"]);
        }

        return F.linear(F.layer_norm(x, [d], w["norm.weight"], w["norm.bias"], 1e-6).mean([1]), w["head.weight"], w["head.bias"]);
    }
}
