using TorchSharp.Modules;

namespace Espalier.Networks;

/// <summary>Initial weights drawn from an explicit generator, so that a seed alone gives a model's weights.</summary>
public static class Initialization
{
    /// <summary>Glorot and Bengio 2010: U(±sqrt(6/(fan_in+fan_out))).</summary>
    public static void XavierUniform(Tensor weight, torch.Generator generator)
    {
        double bound = Math.Sqrt(6.0 / (FanIn(weight) + weight.shape[0]));
        Uniform(weight, bound, generator);
    }

    /// <summary>U(±<paramref name="bound"/>).</summary>
    public static void Uniform(Tensor tensor, double bound, torch.Generator generator) =>
        Fill(tensor, t => t.uniform_(-bound, bound, generator));

    /// <summary>N(0, <paramref name="std"/>²).</summary>
    public static void Normal(Tensor tensor, double std, torch.Generator generator) =>
        Fill(tensor, t => t.normal_(0, std, generator));

    /// <summary>One value everywhere.</summary>
    public static void Constant(Tensor tensor, double value) => Fill(tensor, t => t.fill_(value));

    /// <summary>timm's LeCun normal: N(0, 1/fan_in) cut at two of its own standard deviations, variance kept.</summary>
    public static void LecunNormal(Tensor weight, torch.Generator generator)
    {
        const double StdOfCutNormal = 0.87962566103423978;
        const double ErfAtCut = 0.95449973610364159;    // erf(2/sqrt(2)): the mass within two standard deviations
        double std = Math.Sqrt(1.0 / FanIn(weight)) / StdOfCutNormal;
        Fill(weight, t => t.uniform_(-ErfAtCut, ErfAtCut, generator).erfinv_().mul_(std * Math.Sqrt(2)));
    }

    /// <summary>He et al. 2015 with PyTorch's default slope for convolutions: U(±1/sqrt(fan_in)).</summary>
    public static void KaimingUniform(Tensor weight, torch.Generator generator) => Uniform(weight, 1 / Math.Sqrt(FanIn(weight)), generator);

    /// <summary>Weights and biases of a linear layer U(±1/sqrt(fan_in)), as PyTorch has them.</summary>
    public static void Default(Linear linear, torch.Generator generator)
    {
        double bound = 1 / Math.Sqrt(FanIn(linear.weight!));
        Uniform(linear.weight!, bound, generator);
        if (linear.bias is { } bias)
            Uniform(bias, bound, generator);
    }

    private static long FanIn(Tensor weight) => weight.numel() / weight.shape[0];

    private static void Fill(Tensor tensor, Action<Tensor> fill)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        fill(tensor);
    }
}
