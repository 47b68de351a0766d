namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// Lengths of steps from epsilon down to a hundredth of it, as the official code of composite attacks has them for 8/255
/// (caa-attacks.md 2.2), as shares of epsilon.
/// </summary>
public enum StepSchedule
{
    /// <summary>Half a cosine.</summary>
    Cosine,

    /// <summary>Three triangles.</summary>
    Cyclical,

    /// <summary>Epsilon for 50 steps, a tenth for 50 more, then a hundredth.</summary>
    Step,
}
