using TorchSharp.Modules;

namespace Espalier.Networks.Layers;

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
        CutNormal(weight, Math.Sqrt(1.0 / FanIn(weight)) / StdOfCutNormal, 2, generator);
    }

    /// <summary>timm's truncated normal: N(0, <paramref name="std"/>²) cut at ±2, which for small deviations cuts nothing.</summary>
    public static void TruncatedNormal(Tensor weight, double std, torch.Generator generator) => CutNormal(weight, std, 2 / std, generator);

    /// <summary>He et al. 2015 over the outputs, as torchvision has it for convolutions: N(0, 2/fan_out).</summary>
    public static void KaimingNormalFanOut(Tensor weight, torch.Generator generator) =>
        Normal(weight, Math.Sqrt(2.0 / (weight.shape[0] * (weight.numel() / weight.shape[0] / weight.shape[1]))), generator);

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

    // The inverse of the distribution function, of a uniform number between those of the two cuts.
    private static void CutNormal(Tensor weight, double std, double cut, torch.Generator generator)
    {
        if (cut > 5)
        {
            // Beyond five deviations erf is 1 in single precision, and nothing is left to cut.
            Normal(weight, std, generator);
            return;
        }

        double erfAtCut = ErfOfCut(cut);
        Fill(weight, t => t.uniform_(-erfAtCut, erfAtCut, generator).erfinv_().mul_(std * Math.Sqrt(2)));
    }

    private static double ErfOfCut(double cut)
    {
        using Tensor at = torch.tensor(cut / Math.Sqrt(2), dtype: torch.float64);
        using Tensor erf = at.erf();
        return erf.item<double>();
    }

    private static long FanIn(Tensor weight) => weight.numel() / weight.shape[0];

    private static void Fill(Tensor tensor, Action<Tensor> fill)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        fill(tensor);
    }
}
