using Espalier.Anomaly.Exposure;
using Espalier.Errors;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>What a model is exposed to while it learns, and how.</summary>
public sealed record ExposureOptions : OutlierExposureOptions
{
    /// <summary>
    /// The outliers: a data set of the catalogue (its training part where it has one), a generator such as <c>jigsaw</c>, a folder with
    /// pictures or a table; for text a data set of the catalogue, running text by its sentences, or for a language model in windows as the
    /// training text is.
    /// </summary>
    public string Dataset { get; init; } = "";

    /// <summary>How many of them, the first ones; all where null, of a generator as many as there are training samples.</summary>
    public int? Count { get; init; }

    /// <summary>For text: words of the shortest sentence that is taken.</summary>
    public int MinimumWords { get; init; } = 3;

    /// <summary>For text: words of the longest sentence that is taken. Outliers longer than the training texts are told by their length.</summary>
    public int MaximumWords { get; init; } = 60;

    /// <summary>For density: m, not negative, by how many nats for each pixel an outlier shall be less likely than the image beside it; 1 where null.</summary>
    public double? MarginPerValue { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Count is null or >= 1, nameof(Count), Count, "must be at least 1");
        OptionsException.Require(MarginPerValue is null or >= 0, nameof(MarginPerValue), MarginPerValue, "must not be negative");
        OptionsException.Require(MinimumWords >= 1, nameof(MinimumWords), MinimumWords, "must be at least 1");
        OptionsException.Require(MaximumWords >= MinimumWords, nameof(MaximumWords), MaximumWords, $"must not be below minimumWords ({MinimumWords})");
    }
    /// <summary>Checks what depends on what is learned.</summary>
    /// <param name="kind">What is learned.</param>
    /// <exception cref="OptionsException">A value is out of its range or means nothing there.</exception>
    internal void ValidateFor(ObjectiveKind kind)
    {
        Validate();
        OptionsException.Require(MarginPerValue is null || kind == ObjectiveKind.Density, nameof(MarginPerValue), MarginPerValue, "belongs to kind density");
        if (kind == ObjectiveKind.Classification)
            return;
        OptionsException.Require(Loss == OutlierLoss.UniformCrossEntropy, nameof(Loss), Loss, $"belongs to kind classification: {Own(kind)}");
        OptionsException.Require(HardShare >= 1, nameof(HardShare), HardShare, "belongs to kind classification");
        OptionsException.Require(kind == ObjectiveKind.Confidence || OutliersPerSample is null or 1, nameof(OutliersPerSample), OutliersPerSample, "must be 1 or left out: each sample has one outlier beside it");
    }

    private static string Own(ObjectiveKind kind) => kind switch
    {
        ObjectiveKind.Confidence => "a confidence pays -log(1 - b)",
        ObjectiveKind.Density => "a density pays what is missing of the margin",
        _ => "a language model always pays the cross-entropy to uniform",
    };
}
