namespace Espalier.Training.Schedules;

/// <summary>How the learning rate falls after the warm-up.</summary>
public enum ScheduleShape
{
    /// <summary>Not at all.</summary>
    Constant,

    /// <summary>On a straight line.</summary>
    Linear,

    /// <summary>On half a cosine (Loshchilov &amp; Hutter 2017).</summary>
    Cosine,
}
