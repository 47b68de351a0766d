namespace OwnArea;

/// <summary>A line to be found.</summary>
internal sealed record LineOptions
{
    /// <summary>Number of points, at least 2.</summary>
    public int Points { get; init; } = 500;

    /// <summary>The slope that the points have.</summary>
    public double Slope { get; init; } = 2;

    /// <summary>Standard deviation of the noise, at least 0.</summary>
    public double Noise { get; init; } = 0.1;
}
