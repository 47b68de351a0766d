using Espalier.Errors;

namespace Espalier.Training.Diagnostics;

/// <summary>Which points of a training are kept by <see cref="TrainingTrajectory"/>.</summary>
public sealed record TrajectoryOptions
{
    /// <summary>How far the training is followed, in samples; to its end where it is shorter.</summary>
    public long Samples { get; init; } = long.MaxValue;

    /// <summary>The weights are kept, or compared, at multiples of so many samples where a step ends there.</summary>
    public long Every { get; init; } = 1;

    /// <summary>The validation data is looked at after so many samples; only at the end where null.</summary>
    public long? EvaluateEvery { get; init; }

    /// <summary>Samples up to this are left out, and movement is counted from the weights as they stand there; a step must end there.</summary>
    public long From { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Samples >= 1, nameof(Samples), Samples, "must be at least 1");
        OptionsException.Require(Every >= 1, nameof(Every), Every, "must be at least 1");
        OptionsException.Require(EvaluateEvery is null or >= 1, nameof(EvaluateEvery), EvaluateEvery, "must be at least 1");
        OptionsException.Require(From >= 0 && From < Samples, nameof(From), From, "must not be negative, and below samples");
    }
}
