namespace Espalier.Runs.Reports;

/// <summary>One line of a chart.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Points">The points, in the order they are joined; those that are not finite are left out.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>Whether each point gets a mark; for few points.</summary>
    public bool Markers { get; init; }

    /// <summary>Whether the line is dashed and grey: a reference rather than a result.</summary>
    public bool Reference { get; init; }

    /// <summary>Whether the line is thin and faint: raw values behind a smoothed line.</summary>
    public bool Faint { get; init; }
}
