using Espalier.Errors;
using Espalier.Training.Loop;

namespace Espalier.Training.Schedules;

/// <summary>
/// The learning rate as a closed form of the samples seen: a linear warm-up, then a fall to a fraction of the peak.
/// </summary>
public sealed record ScheduleOptions
{
    /// <summary>The fall after the warm-up.</summary>
    public ScheduleShape Shape { get; init; } = ScheduleShape.Cosine;

    /// <summary>The linear rise from zero to the peak.</summary>
    public Duration Warmup { get; init; } = Duration.Zero;

    /// <summary>Where the fall ends, as a fraction of the peak, in [0, 1].</summary>
    public double FinalFraction { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate() =>
        OptionsException.Require(FinalFraction is >= 0 and <= 1, nameof(FinalFraction), FinalFraction, "must lie in [0, 1]");

    /// <summary>The factor on the peak learning rate for a step.</summary>
    /// <param name="samplesBefore">Samples seen before the step: the fall starts at the full peak.</param>
    /// <param name="samplesAfter">Samples seen once the step is done: the rise starts above zero.</param>
    /// <param name="warmupSamples">Length of the warm-up.</param>
    /// <param name="totalSamples">Length of the training.</param>
    public double Factor(long samplesBefore, long samplesAfter, long warmupSamples, long totalSamples)
    {
        if (samplesBefore < warmupSamples)
            return Math.Min(1, (double)samplesAfter / warmupSamples);
        double progress = Math.Clamp((double)(samplesBefore - warmupSamples) / Math.Max(1, totalSamples - warmupSamples), 0, 1);
        return Shape switch
        {
            ScheduleShape.Linear => 1 - ((1 - FinalFraction) * progress),
            ScheduleShape.Cosine => FinalFraction + ((1 - FinalFraction) * (1 + Math.Cos(Math.PI * progress)) / 2),
            _ => 1,
        };
    }
}
