namespace Espalier.Tests.Onnx;

/// <summary>Weights at which every part of a network matters: fresh ones start many branches near zero.</summary>
internal static class RandomWeights
{
    public static void Fill(torch.nn.Module module, ulong seed = 11)
    {
        using var noGradients = torch.no_grad();
        using var generator = new torch.Generator(seed);
        foreach ((string name, Tensor tensor) in module.state_dict())
        {
            if (!tensor.is_floating_point())
                continue;
            if (name.EndsWith("running_var", StringComparison.Ordinal))
                tensor.uniform_(0.5, 1.5, generator);
            else if (tensor.dim() >= 2)
                tensor.normal_(0, 1 / Math.Sqrt(tensor.numel() / (double)tensor.shape[0]), generator);
            else
                tensor.normal_(name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0, 0.3, generator);
        }
    }
}
