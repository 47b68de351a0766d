namespace Espalier.Anomaly.Decisions;

/// <summary>Evidence that a stream of p-values, uniform as long as nothing changes, has changed.</summary>
internal abstract class SequentialStatistic
{
    /// <summary>What the statistic alarms at.</summary>
    public abstract double Limit { get; }

    /// <summary>Takes a p-value in and gives the statistic.</summary>
    public abstract double Next(double p);

    /// <summary>Forgets everything, after an alarm.</summary>
    public abstract void Restart();

    /// <summary>All that it remembers.</summary>
    public abstract double[] State { get; set; }

    public static SequentialStatistic Create(AlarmMonitorOptions options, CancellationToken cancellationToken) => options.Kind switch
    {
        AlarmKind.Martingale => new SimpleJumper(options.Jump, options.Delta),
        AlarmKind.Cusum => new CumulativeSum(options.Drift, options.ExpectedRunTime),
        _ => new PageHinkley(options.Drift, options.ExpectedRunTime, cancellationToken),
    };
}
