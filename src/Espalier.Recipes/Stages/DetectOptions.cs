namespace Espalier.Recipes.Stages;

/// <summary>How inputs from elsewhere are told from test inputs.</summary>
public sealed record DetectOptions
{
    /// <summary>What scores an input.</summary>
    public DetectorKind Detector { get; init; }

    /// <summary>What it is confronted with.</summary>
    public IReadOnlyList<OutlierKind> Outliers { get; init; } = [OutlierKind.Gaussian, OutlierKind.Rademacher, OutlierKind.Blobs, OutlierKind.PixelShuffle];

    /// <summary>How many outliers of each kind; as many as there are test samples where null.</summary>
    public int? Count { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Outliers.Count > 0, nameof(Outliers), 0, "needs at least one kind");
        OptionsException.Require(Count is null or >= 1, nameof(Count), Count, "must be at least 1");
    }
}
