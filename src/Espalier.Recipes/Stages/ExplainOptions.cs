using Espalier.Counterfactuals.Search;
using Espalier.Errors;

namespace Espalier.Recipes.Stages;

/// <summary>How single decisions are explained: the smallest change that turns an input into another class.</summary>
public sealed record ExplainOptions
{
    /// <summary>How many test samples are explained: of each class in turn, the first ones.</summary>
    public int Samples { get; init; } = 10;

    /// <summary>The class to turn them into; the one that the model finds next most likely where null.</summary>
    public int? Target { get; init; }

    /// <summary>The generator. On tables its feature scales are the median absolute deviations of the training split where left out.</summary>
    public WachterOptions Wachter { get; init; } = new();

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Samples >= 1, nameof(Samples), Samples, "must be at least 1");
        OptionsException.Require(Target is null or >= 0, nameof(Target), Target, "must not be negative");
        OptionsException.Within("wachter", Wachter.Validate);
    }

    /// <summary>Checks what depends on the data.</summary>
    /// <param name="classes">Number of classes.</param>
    /// <exception cref="OptionsException">The target is no class.</exception>
    public void ValidateFor(int classes) =>
        OptionsException.Require(Target is null || Target < classes, nameof(Target), Target, $"must be below the number of classes ({classes})");
}
