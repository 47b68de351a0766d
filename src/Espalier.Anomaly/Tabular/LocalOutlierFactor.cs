using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>
/// How much thinner the data is around a row than around its neighbours (Breunig et al., "LOF", SIGMOD 2000): the mean local
/// reachability density of its k neighbours over its own; 1 is usual. A neighbourhood holds exactly k rows, and a new row is
/// judged by the densities of the training rows.
/// </summary>
public sealed class LocalOutlierFactor : TabularDetector
{
    // Rows with k copies of themselves have no distance: their density is finite, as scikit-learn's.
    private const double LeastReach = 1e-10;

    private readonly LocalOutlierFactorOptions _options;
    private NeighbourSearch? _search;
    private double[] _reach = [];           // distance to the k-th neighbour, by training row
    private double[] _density = [];         // local reachability density, by training row
    private double[]? _trainingScores;

    /// <summary>Creates the detector.</summary>
    /// <param name="options">The defaults where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public LocalOutlierFactor(LocalOutlierFactorOptions? options = null) : base("lof", options?.Standardize ?? true)
    {
        _options = options ?? new();
        _options.Validate();
    }

    internal override object? OptionsForFile => _options;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken)
    {
        int k = _options.Neighbours;
        OptionsException.Require(k < rows.Count, nameof(LocalOutlierFactorOptions.Neighbours), k, $"must be below the {rows.Count} rows of the fit");
        _search = new NeighbourSearch(rows);
        (double[] distances, int[] neighbours) = _search.Find(rows, k, excludeSelf: true);
        _reach = new double[rows.Count];
        for (int i = 0; i < _reach.Length; i++)
            _reach[i] = distances[(i + 1) * k - 1];
        _density = Densities(distances, neighbours);
        _trainingScores = Factors(_density, neighbours);
    }

    private protected override double[] ScoreRows(TabularRows rows)
    {
        (double[] distances, int[] neighbours) = _search!.Find(rows, _options.Neighbours);
        return Factors(Densities(distances, neighbours), neighbours);
    }

    private protected override double[] ScoreTrainingRows(TabularRows rows) => _trainingScores ?? throw new InvalidOperationException("Rows are scored right after the fit.");

    private double[] Densities(double[] distances, int[] neighbours)
    {
        int k = _options.Neighbours;
        double[] densities = new double[distances.Length / k];
        for (int i = 0; i < densities.Length; i++)
        {
            double sum = 0;
            for (int j = i * k; j < (i + 1) * k; j++)
                sum += Math.Max(distances[j], _reach[neighbours[j]]);
            densities[i] = 1 / (sum / k + LeastReach);
        }

        return densities;
    }

    private double[] Factors(double[] own, int[] neighbours)
    {
        int k = _options.Neighbours;
        double[] factors = new double[own.Length];
        for (int i = 0; i < factors.Length; i++)
        {
            double sum = 0;
            for (int j = i * k; j < (i + 1) * k; j++)
                sum += _density[neighbours[j]];
            factors[i] = sum / k / own[i];
        }

        return factors;
    }

    private protected override void WriteState(TabularState state)
    {
        state.Set("training", _search!.Rows.Values, _search.Rows.Count, _search.Rows.Width);
        state.Set("reach", _reach);
        state.Set("density", _density);
    }

    private protected override void ReadState(TabularState state)
    {
        _search = NeighbourSearch.Of(state, VaryingColumns, _options.Neighbours);
        int rows = _search.Rows.Count;
        (_reach, _density) = (state.Finite("reach", rows), state.Finite("density", rows));
    }
}
