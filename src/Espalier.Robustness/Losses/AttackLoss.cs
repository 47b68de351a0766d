namespace Espalier.Robustness.Losses;

/// <summary>What an attack makes as large as it can.</summary>
public enum AttackLoss
{
    /// <summary>-log softmax of the true class; or log softmax of the target. Vanishes where a model is very sure.</summary>
    CrossEntropy,

    /// <summary>
    /// Difference of logits ratio (Croce and Hein 2020, eq. 6 and 7): (max_{j≠y} z_j - z_y)/(z_(1) - z_(3)); with a
    /// target t, (z_t - z_y)/(z_(1) - (z_(3) + z_(4))/2), z_(k) the k-th largest logit. Blind to the scale of the logits.
    /// With fewer classes than it needs (3, or 4 with targets) it is <see cref="Margin"/>.
    /// </summary>
    DifferenceOfLogitsRatio,

    /// <summary>max_{j≠y} z_j - z_y; or z_t - z_y with a target (Carlini and Wagner 2017).</summary>
    Margin,
}
