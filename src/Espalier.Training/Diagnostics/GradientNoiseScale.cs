using Espalier.Errors;

namespace Espalier.Training.Diagnostics;

/// <summary>
/// The gradient noise scale B_noise = tr Σ / |G|² (McCandlish et al. 2018, "An Empirical Model of Large-Batch Training",
/// appendix A.1): about the batch size beyond which a larger batch brings little, and where scaling rules stop holding. From the
/// squared norms of a small-batch and a large-batch gradient; numerator and denominator are averaged separately.
/// </summary>
public sealed class GradientNoiseScale
{
    private readonly double _halfLife;
    private double _weight;
    private double _noise;
    private double _signal;

    /// <summary>Starts without measurements.</summary>
    /// <param name="halfLife">The samples after which a measurement counts half.</param>
    /// <exception cref="OptionsException">It is not above 0.</exception>
    public GradientNoiseScale(double halfLife)
    {
        OptionsException.Require(halfLife > 0, nameof(halfLife), halfLife, "must be above 0");
        _halfLife = halfLife;
    }

    /// <summary>The trace of the per-sample gradient covariance, tr Σ; NaN before the first measurement.</summary>
    public double NoiseTrace => _noise / _weight;

    /// <summary>|G|², the squared norm of the true gradient; NaN before the first measurement, and it may be estimated as negative.</summary>
    public double SignalSquared => _signal / _weight;

    /// <summary>B_noise in samples; NaN before the first measurement, infinite where noise hides the gradient altogether.</summary>
    public double Value => _weight == 0 ? double.NaN : SignalSquared > 0 ? Math.Max(0, NoiseTrace) / SignalSquared : double.PositiveInfinity;

    /// <summary>Takes in one step.</summary>
    /// <param name="smallSquared">Mean squared norm of the mean gradients of small batches.</param>
    /// <param name="small">b, their size; the harmonic mean where they differ.</param>
    /// <param name="largeSquared">Squared norm of the mean gradient of the large batch.</param>
    /// <param name="large">n, its size, above <paramref name="small"/>.</param>
    public void Add(double smallSquared, double small, double largeSquared, double large)
    {
        if (!(large > small))
            return;
        double signal = ((large * largeSquared) - (small * smallSquared)) / (large - small);
        double noise = (smallSquared - largeSquared) / ((1 / small) - (1 / large));
        double keep = Math.Pow(2, -large / _halfLife);
        _weight = (keep * _weight) + (1 - keep);
        _signal = (keep * _signal) + ((1 - keep) * signal);
        _noise = (keep * _noise) + ((1 - keep) * noise);
    }
}
