namespace Espalier.Anomaly.Decisions;

/// <summary>What new scores are ranked among.</summary>
public enum PoolMode
{
    /// <summary>The calibration scores and every score since: p-values are independent and uniform, which the promises of alarms rest on.</summary>
    Online,

    /// <summary>
    /// The calibration scores alone. A stream then inherits the luck of their draw: with 500 of them a martingale of δ = 1 % alarmed
    /// on 3.7 % of null streams of 1,000 steps. Only for large sets.
    /// </summary>
    Fixed,
}
