using Espalier.Errors;

namespace Espalier.Robustness.Defences;

/// <summary>Adds Gaussian noise anew at each pass (Liu et al. 2018; the base of randomized smoothing, Cohen et al. 2019).</summary>
/// <param name="sigma">Its standard deviation, in the inputs' unit, above 0.</param>
/// <param name="seed">Of the generator; the draws of a run are a function of it and of the order of the passes.</param>
/// <exception cref="OptionsException">The deviation is not above 0.</exception>
public sealed class RandomNoise(double sigma, int seed = 0) : InputTransform, IDisposable
{
    private readonly double _sigma = Checked(sigma);
    private readonly torch.Generator _generator = new(unchecked((ulong)seed));
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"Gaussian noise of deviation {_sigma}");

    /// <inheritdoc/>
    public override bool IsRandom => true;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor inputs)
    {
        lock (_lock)
            return inputs + torch.randn(inputs.shape, dtype: inputs.dtype, generator: _generator).to(inputs.device) * _sigma;
    }

    /// <inheritdoc/>
    public void Dispose() => _generator.Dispose();

    private static double Checked(double sigma)
    {
        OptionsException.Require(sigma > 0 && double.IsFinite(sigma), nameof(sigma), sigma, "must be finite and above 0");
        return sigma;
    }
}
