namespace Espalier.Runs.Reports;

/// <summary>Lines over a common x axis, as a self-contained SVG picture that follows the page's colours.</summary>
public sealed record LineChart
{
    private const double Width = 560;
    private const double Height = 300;
    private const double Left = 64;
    private const double Right = 14;
    private const double Top = 14;
    private const double Bottom = 46;
    private const int MostPoints = 400;

    /// <summary>What the picture shows, for those who cannot see it.</summary>
    public required string Description { get; init; }

    /// <summary>Label of the x axis, with its unit.</summary>
    public required string XLabel { get; init; }

    /// <summary>Label of the y axis, with its unit.</summary>
    public required string YLabel { get; init; }

    /// <summary>The lines.</summary>
    public required IReadOnlyList<ChartSeries> Series { get; init; }

    /// <summary>Lower end of the y axis; from the data where null.</summary>
    public double? YMinimum { get; init; }

    /// <summary>Upper end of the y axis; from the data where null.</summary>
    public double? YMaximum { get; init; }

    /// <summary>The picture as an SVG element.</summary>
    public string ToSvg()
    {
        (ChartSeries Series, (double X, double Y)[] Points)[] drawn = [.. Series.Select(s => (s, Thin([.. s.Points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y))])))];
        (double X, double Y)[] all = [.. drawn.SelectMany(d => d.Points)];
        (double X, double Y)[] ends = [.. Series.SelectMany(s => s.Points).Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y))];
        if (all.Length == 0)
            all = ends = [(0, 0), (1, 1)];
        double low = YMinimum ?? all.Min(p => p.Y);
        double high = YMaximum ?? all.Max(p => p.Y);
        double margin = (high - low) * 0.04;
        var x = new Axis(ends.Min(p => p.X), ends.Max(p => p.X), Left, Width - Right);
        var y = new Axis(YMinimum ?? (low - margin), YMaximum ?? (high + margin), Height - Bottom, Top);
        var svg = new Svg(Width, Height, Description);
        ChartFrame.Draw(svg, x, y, XLabel, YLabel, Left, Right, Top, Bottom);
        int colour = 0;
        foreach ((ChartSeries series, (double X, double Y)[] points) in drawn)
        {
            string stroke = series.Reference ? "var(--muted)" : ChartFrame.Colour(colour);
            string style = series.Reference ? "stroke-dasharray=\"4 4\" stroke-width=\"1.2\"" : series.Faint ? "stroke-width=\"1\" opacity=\"0.35\"" : "stroke-width=\"2\"";
            svg.Path(points.Select(p => (x.At(p.X), y.At(p.Y))), $"fill=\"none\" stroke=\"{stroke}\" stroke-linejoin=\"round\" {style}");
            if (series.Markers)
            {
                foreach ((double px, double py) in points)
                    svg.Circle(x.At(px), y.At(py), 3, $"fill=\"{stroke}\"", $"{series.Name}: {Axis.Label(px)} → {Axis.Label(Math.Round(py, 4))}");
            }

            if (!series.Reference && !series.Faint)
                colour++;
        }

        return svg + ChartFrame.Legend([.. Series.Where(s => !s.Faint).Select(s => (s.Name, s.Reference))]);
    }

    /// <summary>Keeps a picture of a long curve small: means of equal stretches.</summary>
    private static (double X, double Y)[] Thin((double X, double Y)[] points)
    {
        if (points.Length <= MostPoints)
            return points;
        int stretch = (points.Length + MostPoints - 1) / MostPoints;
        return [.. points.Chunk(stretch).Select(c => (c.Average(p => p.X), c.Average(p => p.Y)))];
    }
}
