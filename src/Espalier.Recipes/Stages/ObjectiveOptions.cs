namespace Espalier.Recipes.Stages;

/// <summary>The loss that the training minimises: cross-entropy.</summary>
public sealed record ObjectiveOptions
{
    /// <summary>The share of the target that is spread over all classes, in [0, 1).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate() =>
        OptionsException.Require(LabelSmoothing is >= 0 and < 1, nameof(LabelSmoothing), LabelSmoothing, "must lie in [0, 1)");
}
