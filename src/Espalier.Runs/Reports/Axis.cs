using System.Globalization;

namespace Espalier.Runs.Reports;

/// <summary>One axis of a chart: its range, round ticks, and where a value lies on the page.</summary>
internal readonly struct Axis
{
    private readonly double _from;
    private readonly double _to;

    /// <summary>An axis from data values to page positions.</summary>
    public Axis(double minimum, double maximum, double from, double to)
    {
        if (!(maximum > minimum))
            (minimum, maximum) = (minimum - 0.5, minimum + 0.5);
        (Minimum, Maximum, _from, _to) = (minimum, maximum, from, to);
    }

    public double Minimum { get; }

    public double Maximum { get; }

    public double At(double value) => _from + ((value - Minimum) / (Maximum - Minimum) * (_to - _from));

    /// <summary>Round values in range, about as many as wanted (Heckbert's nice numbers).</summary>
    public IEnumerable<double> Ticks(int wanted)
    {
        double raw = (Maximum - Minimum) / Math.Max(1, wanted);
        double magnitude = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = (raw / magnitude) switch { <= 1 => 1, <= 2 => 2, <= 2.5 => 2.5, <= 5 => 5, _ => 10 } * magnitude;
        for (double i = Math.Ceiling((Minimum / step) - 1e-9); i * step <= Maximum + (step * 1e-9); i++)
            yield return Math.Round(i * step, 12);
    }

    public static string Label(double value) => value switch
    {
        0 => "0",
        _ when Math.Abs(value) >= 10_000 || Math.Abs(value) < 0.001 => value.ToString("0.##e0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };
}
