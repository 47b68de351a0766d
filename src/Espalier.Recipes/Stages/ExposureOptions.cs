using Espalier.Anomaly;

namespace Espalier.Recipes.Stages;

/// <summary>What a classifier is exposed to while it learns, and how.</summary>
public sealed record ExposureOptions : OutlierExposureOptions
{
    /// <summary>
    /// The outliers: a data set of the catalogue (its training part where it has one), a generator such as <c>jigsaw</c>, a folder with
    /// pictures or a table; for text a data set of the catalogue, running text by its sentences.
    /// </summary>
    public string Dataset { get; init; } = "";

    /// <summary>How many of them, the first ones; all where null, of a generator as many as there are training samples.</summary>
    public int? Count { get; init; }

    /// <summary>For text: words of the shortest sentence that is taken.</summary>
    public int MinimumWords { get; init; } = 3;

    /// <summary>For text: words of the longest sentence that is taken. Outliers longer than the training texts are told by their length.</summary>
    public int MaximumWords { get; init; } = 60;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Count is null or >= 1, nameof(Count), Count, "must be at least 1");
        OptionsException.Require(MinimumWords >= 1, nameof(MinimumWords), MinimumWords, "must be at least 1");
        OptionsException.Require(MaximumWords >= MinimumWords, nameof(MaximumWords), MaximumWords, $"must not be below minimumWords ({MinimumWords})");
    }
}
