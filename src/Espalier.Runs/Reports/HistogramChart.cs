using System.Globalization;

namespace Espalier.Runs.Reports;

/// <summary>Histograms of several samples over common bins, as shares of each sample, drawn over each other.</summary>
public sealed record HistogramChart
{
    private const double Width = 560;
    private const double Height = 240;
    private const double Left = 64;
    private const double Right = 14;
    private const double Top = 14;
    private const double Bottom = 46;

    /// <summary>What the picture shows, for those who cannot see it.</summary>
    public required string Description { get; init; }

    /// <summary>Label of the x axis.</summary>
    public required string XLabel { get; init; }

    /// <summary>The samples with their names.</summary>
    public required IReadOnlyList<(string Name, IReadOnlyList<float> Values)> Samples { get; init; }

    /// <summary>Number of bins.</summary>
    public int Bins { get; init; } = 40;

    /// <summary>The picture as an SVG element.</summary>
    public string ToSvg()
    {
        double low = Samples.SelectMany(s => s.Values).Where(float.IsFinite).DefaultIfEmpty(0).Min();
        double high = Samples.SelectMany(s => s.Values).Where(float.IsFinite).DefaultIfEmpty(1).Max();
        var x = new Axis(low, high, Left, Width - Right);
        double[][] shares = [.. Samples.Select(s => Shares(s.Values, x))];
        var y = new Axis(0, shares.SelectMany(s => s).DefaultIfEmpty(1).Max() * 1.04, Height - Bottom, Top);
        var svg = new Svg(Width, Height, Description);
        ChartFrame.Draw(svg, x, y, XLabel, "share", Left, Right, Top, Bottom);
        double width = (Width - Left - Right) / Bins;
        for (int s = 0; s < shares.Length; s++)
        {
            for (int b = 0; b < Bins; b++)
            {
                if (shares[s][b] == 0)
                    continue;
                string hint = string.Create(CultureInfo.InvariantCulture, $"{Samples[s].Name}: {shares[s][b]:P1}");
                svg.Rectangle(Left + (b * width), y.At(shares[s][b]), width - 0.5, y.At(0) - y.At(shares[s][b]), $"fill=\"{ChartFrame.Colour(s)}\" opacity=\"0.6\"", hint);
            }
        }

        return svg + ChartFrame.Legend([.. Samples.Select(s => (s.Name, false))]);
    }

    private double[] Shares(IReadOnlyList<float> values, Axis x)
    {
        var shares = new double[Bins];
        foreach (float value in values.Where(float.IsFinite))
            shares[Math.Clamp((int)((value - x.Minimum) / (x.Maximum - x.Minimum) * Bins), 0, Bins - 1)] += 1.0 / values.Count;
        return shares;
    }
}
