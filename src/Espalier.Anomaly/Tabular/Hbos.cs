using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>
/// How empty the histogram bins of a row's values are (Goldstein and Dengel 2012, in PyOD's form): −Σ log₂(density + α) over the
/// columns.
/// </summary>
public sealed class Hbos : TabularDetector
{
    private readonly HbosOptions _options;
    private double[] _low = [];             // lower end, by column
    private double[] _high = [];            // upper end, by column
    private double[] _score = [];           // [columns × bins]: −log₂(density + α)

    /// <summary>Creates the detector.</summary>
    /// <param name="options">The defaults where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public Hbos(HbosOptions? options = null) : base("hbos", standardizes: false)
    {
        _options = options ?? new();
        _options.Validate();
    }

    internal override object? OptionsForFile => _options;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken)
    {
        int bins = _options.Bins;
        _low = new double[rows.Width];
        _high = new double[rows.Width];
        _score = new double[rows.Width * bins];
        for (int j = 0; j < rows.Width; j++)
        {
            double[] column = rows.Column(j);
            (_low[j], _high[j]) = (column.Min(), column.Max());
            double[] edges = Edges(j);
            long[] counts = new long[bins];

            // As numpy counts: bins are closed on the left, the last one on both sides.
            foreach (double value in column)
            {
                int bin = Array.BinarySearch(edges, value);
                counts[Math.Clamp(bin >= 0 ? bin : ~bin - 1, 0, bins - 1)]++;
            }

            for (int bin = 0; bin < bins; bin++)
                _score[j * bins + bin] = -Math.Log2(counts[bin] / (column.Length * (edges[bin + 1] - edges[bin])) + _options.Alpha);
        }
    }

    private protected override double[] ScoreRows(TabularRows rows)
    {
        int bins = _options.Bins;
        double[] scores = new double[rows.Count];
        for (int j = 0; j < rows.Width; j++)
        {
            double[] edges = Edges(j);
            double emptiest = _score.AsSpan(j * bins, bins).ToArray().Max();
            for (int i = 0; i < rows.Count; i++)
            {
                // Looked up in bins closed on the right, as PyOD does.
                double value = rows.Values[i * rows.Width + j];
                int found = Array.BinarySearch(edges, value);
                int bin = (found >= 0 ? found : ~found) - 1;
                scores[i] += bin switch
                {
                    < 0 => edges[0] - value <= (edges[1] - edges[0]) * _options.Tolerance ? _score[j * bins] : emptiest,
                    _ when bin >= bins => value - edges[^1] <= (edges[^1] - edges[^2]) * _options.Tolerance ? _score[(j + 1) * bins - 1] : emptiest,
                    _ => _score[j * bins + bin],
                };
            }
        }

        return scores;
    }

    private double[] Edges(int column)
    {
        double step = (_high[column] - _low[column]) / _options.Bins;
        double[] edges = [.. Enumerable.Range(0, _options.Bins + 1).Select(i => _low[column] + i * step)];
        edges[^1] = _high[column];
        return edges;
    }

    private protected override void WriteState(TabularState state)
    {
        state.Set("low", _low);
        state.Set("high", _high);
        state.Set("score", _score, _low.Length, _options.Bins);
    }

    private protected override void ReadState(TabularState state) =>
        (_low, _high, _score) = (state.Finite("low", VaryingColumns), state.Finite("high", VaryingColumns), state.Numbers("score", VaryingColumns, _options.Bins));
}
