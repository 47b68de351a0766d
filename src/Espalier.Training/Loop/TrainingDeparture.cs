namespace Espalier.Training.Loop;

/// <summary>
/// How far a training leaves another one. D = mean_t ‖x_t - x_t^base‖ / mean_t ‖x_t^base - x_0‖ over the sample counts that both
/// pass: 0 where they are one, about 1 where the departure is as large as all that was learned.
/// </summary>
/// <param name="Weights">D of the weights θ; infinite where the training diverged.</param>
/// <param name="Average">D of the averaged weights ζ, or null without an EMA.</param>
/// <param name="WorstGaps">The largest absolute difference of each validation number over the common evaluations.</param>
/// <param name="FinalGaps">Its difference at the last common evaluation, signed.</param>
public sealed record TrainingDeparture(
    double Weights,
    double? Average,
    IReadOnlyDictionary<string, double> WorstGaps,
    IReadOnlyDictionary<string, double> FinalGaps)
{
    /// <summary>mean_t ‖θ_t - θ_t^base‖, the numerator of <see cref="Weights"/>.</summary>
    public double WeightDistance { get; init; }

    /// <summary>mean_t ‖θ_t^base - θ_0‖, its denominator.</summary>
    public double WeightMovement { get; init; }

    /// <summary>mean_t ‖ζ_t^base - θ_0‖, the denominator of <see cref="Average"/>; 0 without an EMA. An average lags, so it is smaller than that of the weights.</summary>
    public double AverageMovement { get; init; }
}
