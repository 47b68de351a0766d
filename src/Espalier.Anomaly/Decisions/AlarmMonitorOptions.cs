using Espalier.Errors;

namespace Espalier.Anomaly.Decisions;

/// <summary>Options of <see cref="AlarmMonitor"/>.</summary>
public sealed record AlarmMonitorOptions
{
    /// <summary>What watches the stream.</summary>
    public AlarmKind Kind { get; init; } = AlarmKind.Martingale;

    /// <summary>What new scores are ranked among.</summary>
    public PoolMode Mode { get; init; } = PoolMode.Online;

    /// <summary>Probability that a martingale ever alarms on an unchanged stream, in (0, 1).</summary>
    public double Delta { get; init; } = 0.01;

    /// <summary>How readily a martingale changes its bet (J of the simple jumper), in (0, 1).</summary>
    public double Jump { get; init; } = 0.01;

    /// <summary>Steps between false alarms on average that a cumulative sum or Page-Hinkley is set to, at least 2.</summary>
    public double ExpectedRunTime { get; init; } = 10_000;

    /// <summary>
    /// The drift, in standard deviations, below which a cumulative sum or Page-Hinkley forgets; above 0. Half of the shift that
    /// matters is best.
    /// </summary>
    public double Drift { get; init; } = 0.5;

    /// <summary>Scores that are added to the pool at most; a pool that large hardly differs from an endless one.</summary>
    public int MostAdded { get; init; } = 20_000;

    /// <summary>Ties are broken by draws that are a function of this seed and the step.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>What the user should know about these options, or null.</summary>
    public string? Caveat => Mode == PoolMode.Fixed
        ? "fixed pool: the rate of false alarms inherits the luck of the calibration draw (3.7 % instead of 1 % with 500 scores); online keeps the promise"
        : null;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Delta is > 0 and < 1, nameof(Delta), Delta, "must be above 0 and below 1");
        OptionsException.Require(Jump is > 0 and < 1, nameof(Jump), Jump, "must be above 0 and below 1");
        OptionsException.Require(ExpectedRunTime >= 2 && double.IsFinite(ExpectedRunTime), nameof(ExpectedRunTime), ExpectedRunTime, "must be at least 2");
        OptionsException.Require(Kind != AlarmKind.PageHinkley || ExpectedRunTime <= PageHinkley.MostRunTime, nameof(ExpectedRunTime), ExpectedRunTime,
            FormattableString.Invariant($"must be at most {PageHinkley.MostRunTime:N0} for Page-Hinkley, whose limit is found by simulation: take cusum, whose limit is computed"));
        OptionsException.Require(Kind != AlarmKind.Cusum || ExpectedRunTime <= 1e9, nameof(ExpectedRunTime), ExpectedRunTime, "must be at most 10^9");
        OptionsException.Require(Drift > 0 && double.IsFinite(Drift), nameof(Drift), Drift, "must be above 0");
        OptionsException.Require(MostAdded >= 0, nameof(MostAdded), MostAdded, "must not be negative");
    }
}
