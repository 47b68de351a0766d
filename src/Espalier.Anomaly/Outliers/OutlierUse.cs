namespace Espalier.Anomaly.Outliers;

/// <summary>What a kind of generated outliers is for (Hendrycks et al. 2019, appendix A). The two must not be mixed.</summary>
public enum OutlierUse
{
    /// <summary>Reported: nothing may be chosen by these.</summary>
    Test,

    /// <summary>Hyper-parameters and detectors are chosen by these; they are never reported as a result.</summary>
    Validation,
}
