using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>The Euclidean distance to the k-th nearest training row (Ramaswamy, Rastogi and Shim, SIGMOD 2000).</summary>
public sealed class KNearestNeighbours : TabularDetector
{
    private readonly KNearestNeighboursOptions _options;
    private NeighbourSearch? _search;

    /// <summary>Creates the detector.</summary>
    /// <param name="options">The defaults where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public KNearestNeighbours(KNearestNeighboursOptions? options = null) : base("knn", options?.Standardize ?? true)
    {
        _options = options ?? new();
        _options.Validate();
    }

    internal override object? OptionsForFile => _options;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken)
    {
        OptionsException.Require(_options.Neighbours < rows.Count, nameof(KNearestNeighboursOptions.Neighbours), _options.Neighbours, $"must be below the {rows.Count} rows of the fit");
        _search = new NeighbourSearch(rows);
    }

    private protected override double[] ScoreRows(TabularRows rows) => Last(_search!.Find(rows, _options.Neighbours).Distances);

    private protected override double[] ScoreTrainingRows(TabularRows rows) => Last(_search!.Find(rows, _options.Neighbours, excludeSelf: true).Distances);

    private double[] Last(double[] distances)
    {
        double[] last = new double[distances.Length / _options.Neighbours];
        for (int i = 0; i < last.Length; i++)
            last[i] = distances[(i + 1) * _options.Neighbours - 1];
        return last;
    }

    private protected override void WriteState(TabularState state) => state.Set("training", _search!.Rows.Values, _search.Rows.Count, _search.Rows.Width);

    private protected override void ReadState(TabularState state) => _search = NeighbourSearch.Of(state, VaryingColumns, _options.Neighbours);
}
