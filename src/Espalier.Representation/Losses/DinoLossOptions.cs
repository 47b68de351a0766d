using Espalier.Errors;

namespace Espalier.Representation.Losses;

/// <summary>Temperatures and centre of <see cref="DinoLoss"/>; defaults of DINO's ViT recipes.</summary>
public sealed record DinoLossOptions
{
    /// <summary>The student's logits are divided by it. Above 0.</summary>
    public double StudentTemperature { get; init; } = 0.1;

    /// <summary>The teacher's temperature at the start. Above 0.</summary>
    public double TeacherWarmupTemperature { get; init; } = 0.04;

    /// <summary>The teacher's temperature after the warm-up, .04 to .07. Above 0.</summary>
    public double TeacherTemperature { get; init; } = 0.07;

    /// <summary>The share of the training, in [0, 1], over which the teacher's temperature goes linearly from the one to the other.</summary>
    public double TeacherWarmup { get; init; } = 0.3;

    /// <summary>m of the centre, c ← m·c + (1-m)·mean(teacher logits), at the base batch size; in [0, 1).</summary>
    public double CentreMomentum { get; init; } = 0.9;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        Positive(StudentTemperature, nameof(StudentTemperature));
        Positive(TeacherWarmupTemperature, nameof(TeacherWarmupTemperature));
        Positive(TeacherTemperature, nameof(TeacherTemperature));
        OptionsException.Require(TeacherWarmup is >= 0 and <= 1, nameof(TeacherWarmup), TeacherWarmup, "must be in 0..1");
        OptionsException.Require(CentreMomentum is >= 0 and < 1, nameof(CentreMomentum), CentreMomentum, "must be at least 0 and below 1");

        static void Positive(double value, string option) => OptionsException.Require(value > 0 && double.IsFinite(value), option, value, "must be above 0");
    }
}
