using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Training.Loop;

namespace Espalier.Representation.PseudoLabels;

/// <summary>Learning from few labels with a teacher's pseudo-labels for the rest.</summary>
public sealed record PseudoLabelOptions
{
    /// <summary>How many training samples keep their labels, drawn evenly from the classes.</summary>
    public int Labelled { get; init; } = 100;

    /// <summary>λ, the weight of the pseudo-labelled loss.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Whether the teacher's whole distribution is the target; else its most likely class.</summary>
    public bool Soft { get; init; }

    /// <summary>Only samples count of whose class the teacher is at least so sure, in [0, 1).</summary>
    public double Confidence { get; init; } = 0.8;

    /// <summary>The teacher is not asked before this.</summary>
    public Duration StartAfter { get; init; } = Duration.Zero;

    /// <summary>The student's view of an input; the input itself where null.</summary>
    public AugmentationOptions? View { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Labelled >= 1, nameof(Labelled), Labelled, "must be at least 1");
        OptionsException.Require(Weight >= 0 && double.IsFinite(Weight), nameof(Weight), Weight, "must not be negative");
        OptionsException.Require(Confidence is >= 0 and < 1, nameof(Confidence), Confidence, "must lie in [0, 1)");
        OptionsException.Within("view", () => View?.Validate());
    }
}
