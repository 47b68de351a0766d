using Espalier.Errors;

namespace Espalier.Anomaly.Exposure;

/// <summary>How a model is exposed to outliers while it learns; the defaults are those of Hendrycks et al. 2019 for images.</summary>
public record OutlierExposureOptions
{
    private const double EnergyWeight = 0.1;
    private const int ForImages = 2;
    private const int ForText = 1;

    /// <summary>What the model learns to say of outliers.</summary>
    public OutlierLoss Loss { get; init; }

    /// <summary>
    /// λ, not negative: what the outliers' loss is multiplied by. Where null, 0.5; on text 1; for <see cref="OutlierLoss.Energy"/> 0.1.
    /// </summary>
    public double? Weight { get; init; }

    /// <summary>Outliers beside each training sample, at least 1. Where null, 2; on text 1, as in the paper.</summary>
    public int? OutliersPerSample { get; init; }

    /// <summary>
    /// The share of the outliers of a batch that counts, those of greatest loss, in (0, 1]; 1 takes all. Below 1 the batch cannot be
    /// accumulated.
    /// </summary>
    public double HardShare { get; init; } = 1;

    /// <summary>For energy: m_in, what the energy of training samples shall stay below; where null, the median of what the model says before.</summary>
    public double? InlierEnergy { get; init; }

    /// <summary>
    /// For energy: m_out, what the energy of outliers shall rise above; where null, the median of what the model says before, moved a
    /// third of the way to 0.
    /// </summary>
    public double? OutlierEnergy { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range, or two contradict each other.</exception>
    public virtual void Validate()
    {
        OptionsException.Require(Weight is null or >= 0, nameof(Weight), Weight, "must not be negative");
        OptionsException.Require(OutliersPerSample is null or >= 1, nameof(OutliersPerSample), OutliersPerSample, "must be at least 1");
        OptionsException.Require(HardShare is > 0 and <= 1, nameof(HardShare), HardShare, "must be above 0 and at most 1");
        OptionsException.Require(Loss == OutlierLoss.Energy || (InlierEnergy is null && OutlierEnergy is null), nameof(InlierEnergy), InlierEnergy ?? OutlierEnergy, "belongs to loss energy");
        OptionsException.Require(InlierEnergy is not { } low || OutlierEnergy is not { } high || low < high, nameof(InlierEnergy), InlierEnergy, $"must be below outlierEnergy ({OutlierEnergy})");
    }

    /// <summary>Outliers beside each sample of data of a kind.</summary>
    internal int CountFor(bool isText) => OutliersPerSample ?? (isText ? ForText : ForImages);

    /// <summary>λ for data of a kind.</summary>
    internal double WeightFor(bool isText) => Weight ?? (Loss == OutlierLoss.Energy ? EnergyWeight : isText ? 1 : 0.5);
}
