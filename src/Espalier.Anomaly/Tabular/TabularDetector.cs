using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Persistence;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Randomness;

namespace Espalier.Anomaly.Tabular;

/// <summary>
/// Finds unusual rows of a table: fitted once on rows that are mostly normal, then applied to new ones with the statistics of
/// the fit. What all such detectors share lives here: checks, columns that never vary (they contribute nothing), standard
/// units, and the nearest training rows that explain a score. Double precision throughout.
/// </summary>
public abstract class TabularDetector : IAnomalyDetector
{
    private const int MostReferenceRows = 5000;
    private const string Kind = "tabular";
    private const string ColumnsKey = "columns";
    private const string SettingsKey = "settings";
    private const string SchemaKey = "schema";
    private const string FalseAlarmsKey = "falseAlarms";
    private const string DeltaKey = "delta";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { IgnoreReadOnlyProperties = true };

    private readonly bool _standardizes;
    private int[] _columns = [];
    private double[] _mean = [];
    private double[] _scale = [];
    private double[] _deviation = [];
    private int[] _referenceNumbers = [];
    private TabularRows _reference = new([], 0);

    private protected TabularDetector(string name, bool standardizes) => (Name, _standardizes) = (name, standardizes);

    /// <summary>What <see cref="Create"/> can make.</summary>
    public static IReadOnlyList<string> Names => TabularDetectorText.Names;

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Whether <see cref="Fit(double[,], IReadOnlyList{string}, CancellationToken)"/> has been called.</summary>
    public bool IsFitted => TrainingRows > 0;

    /// <summary>Rows of the fit; 0 before it.</summary>
    public int TrainingRows { get; private set; }

    /// <summary>Columns that a row must have.</summary>
    public int Width { get; private set; }

    /// <summary>One name per column; <c>column 0</c> and so on where none were given.</summary>
    public IReadOnlyList<string> ColumnNames { get; private set; } = [];

    /// <summary>Columns with one value only in all training rows: they contribute nothing to a score.</summary>
    public IReadOnlyList<int> ConstantColumns { get; private set; } = [];

    /// <summary>Makes a detector from text: a name, perhaps with options, such as <c>isolation-forest:trees=200,seed=3</c>.</summary>
    /// <param name="text">One of <see cref="Names"/>, then <c>:option=value</c>, further ones after commas.</param>
    /// <exception cref="NotFoundException">There is no detector or option of that name.</exception>
    /// <exception cref="OptionsException">A value is out of its range or of the wrong kind.</exception>
    public static TabularDetector Create(string text) => TabularDetectorText.Create(text);

    /// <summary>Scores of held-out rows, ascending: what thresholds are chosen on. Empty before <see cref="Calibrate(double[,])"/>.</summary>
    public IReadOnlyList<double> Calibration { get; private set; } = [];

    /// <summary>The share of ordinary rows that may raise an alarm, by which <see cref="Threshold"/> is chosen; null where none was set.</summary>
    public double? FalseAlarms { get; set; }

    /// <summary>The probability that the calibration rows drawn break that promise (<see cref="DetectionThreshold.ConformalPac"/>); null for a promise on average over their draw.</summary>
    public double? Delta { get; set; }

    /// <summary>What a score must exceed to be called anomalous; null where no share of false alarms was set.</summary>
    /// <exception cref="DataException">There are too few calibration scores for what was set; the message says how many are needed.</exception>
    public DetectionThreshold? Threshold => FalseAlarms is not { } share ? null
        : Delta is { } delta ? DetectionThreshold.ConformalPac(Calibration, share, delta) : DetectionThreshold.Conformal(Calibration, share);

    /// <summary>Columns of the tables that rows are read from; null where the rows came as numbers.</summary>
    public TabularSchema? Schema { get; set; }

    /// <summary>Scores held-out rows, to choose thresholds on. Not those of the fit: their scores are too low.</summary>
    /// <param name="rows">[rows, columns], as many columns as in the fit.</param>
    /// <exception cref="OptionsException">The detector is not fitted.</exception>
    /// <exception cref="ShapeException">Another number of columns than in the fit.</exception>
    /// <exception cref="DataException">A value is NaN or infinite.</exception>
    public void Calibrate(double[,] rows) => Calibrate(TabularRows.Of(rows));

    /// <summary>Keeps the detector in a file.</summary>
    /// <param name="path">The file; it is whole or absent.</param>
    /// <exception cref="OptionsException">The detector is not fitted.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path) => new DetectorArchive
    {
        Kind = Kind,
        Detector = Name,
        Options = new JsonObject
        {
            [SettingsKey] = TabularDetectorText.ToJson(OptionsForFile),
            [ColumnsKey] = new JsonArray([.. ColumnNames.Select(c => (JsonNode)c)]),
            [FalseAlarmsKey] = FalseAlarms,
            [DeltaKey] = Delta,
            [SchemaKey] = Schema is null ? null : JsonSerializer.SerializeToNode(Schema with { ClassNames = [] }, Json),
        },
        Arrays = Save().ToArrays(),
        Calibration = Calibration,
    }.Write(path);

    /// <summary>Takes a detector from a file; it scores bit for bit as the one that was kept.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is missing, damaged, of a newer version, or of another kind of detector.</exception>
    public static TabularDetector Load(string path)
    {
        DetectorArchive archive = DetectorArchive.Read(path, Kind);
        try
        {
            TabularDetector detector = TabularDetectorText.Create(archive.Detector, archive.Options[SettingsKey]?.DeepClone() as JsonObject);
            detector.Load(TabularState.Of(archive.Arrays), [.. (archive.Options[ColumnsKey] as JsonArray ?? []).Select(c => c?.GetValue<string>() ?? throw new FormatException("a column has no name"))]);
            detector.Calibration = archive.Calibration;
            detector.FalseAlarms = Share(FalseAlarmsKey);
            detector.Delta = Share(DeltaKey);
            detector.Schema = archive.Options[SchemaKey] is { } schema ? StrictJson.Read<TabularSchema>(schema.ToJsonString(), Json) : null;
            return detector;
        }
        catch (Exception error) when (error is NotFoundException or OptionsException or DataException or InvalidOperationException or FormatException or InvalidCastException or JsonException)
        {
            throw new CheckpointException(path, $"holds a detector that cannot be used here: {error.Message}", "update Espalier, or fit it again", error);
        }

        double? Share(string key) => (double?)archive.Options[key] is { } share ? share is > 0 and < 1 ? share : throw new FormatException($"{key} is not in (0, 1)") : null;
    }

    /// <summary>Learns what is usual.</summary>
    /// <param name="rows">[rows, columns].</param>
    /// <param name="columns">One name per column, for messages; none where null.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="DataException">There are too few rows, a value is NaN or infinite, or no column varies.</exception>
    /// <exception cref="OptionsException">An option does not go with so few rows.</exception>
    public void Fit(double[,] rows, IReadOnlyList<string>? columns = null, CancellationToken cancellationToken = default) =>
        Fit(TabularRows.Of(rows), columns, cancellationToken);

    /// <summary>Learns what is usual.</summary>
    /// <param name="rows">[rows, columns], any kind of number.</param>
    /// <param name="columns">One name per column, for messages; none where null.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ShapeException">The rows are no table.</exception>
    /// <exception cref="DataException">There are too few rows, a value is NaN or infinite, or no column varies.</exception>
    /// <exception cref="OptionsException">An option does not go with so few rows.</exception>
    public void Fit(Tensor rows, IReadOnlyList<string>? columns = null, CancellationToken cancellationToken = default) =>
        Fit(TabularRows.Of(rows), columns, cancellationToken);

    /// <summary>
    /// Learns from rows and scores these very rows, as one does to find the outliers inside a table: a row is left out of its own
    /// neighbours. Such scores are no basis for a threshold on new rows; use held-out ones.
    /// </summary>
    /// <param name="rows">[rows, columns].</param>
    /// <param name="columns">One name per column, for messages; none where null.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>One score per row: the higher, the more anomalous.</returns>
    /// <exception cref="DataException">There are too few rows, a value is NaN or infinite, or no column varies.</exception>
    /// <exception cref="OptionsException">An option does not go with so few rows.</exception>
    public double[] FitScore(double[,] rows, IReadOnlyList<string>? columns = null, CancellationToken cancellationToken = default)
    {
        TabularRows prepared = Fit(TabularRows.Of(rows), columns, cancellationToken);
        return Checked(ScoreTrainingRows(prepared));
    }

    /// <summary>Scores rows.</summary>
    /// <param name="rows">[rows, columns], as many columns as in the fit.</param>
    /// <returns>One score per row: the higher, the more anomalous.</returns>
    /// <exception cref="OptionsException">The detector is not fitted.</exception>
    /// <exception cref="ShapeException">Another number of columns than in the fit.</exception>
    /// <exception cref="DataException">A value is NaN or infinite.</exception>
    public double[] Score(double[,] rows) => Score(TabularRows.Of(rows));

    /// <inheritdoc/>
    /// <exception cref="OptionsException">The detector is not fitted.</exception>
    public Tensor Score(Tensor inputs) => torch.tensor(Score(TabularRows.Of(inputs)), dtype: torch.float64);

    /// <summary>The training rows that are most like a row: what a person compares an alarm with.</summary>
    /// <param name="row">One row, as many columns as in the fit.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <returns>Nearest first, by distance over the varying columns in standard units. Of large tables a sample of 5,000 rows is kept.</returns>
    /// <exception cref="OptionsException">The detector is not fitted, or the count is below 1.</exception>
    /// <exception cref="ShapeException">Another number of columns than in the fit.</exception>
    /// <exception cref="DataException">A value is NaN or infinite.</exception>
    public IReadOnlyList<TrainingRow> Nearest(ReadOnlySpan<double> row, int count = 3)
    {
        OptionsException.Require(count >= 1, nameof(count), count, "must be at least 1");
        var query = new TabularRows(row.ToArray(), row.Length);
        Check(query);
        double[] distances = new double[_reference.Count];
        for (int i = 0; i < distances.Length; i++)
        {
            ReadOnlySpan<double> other = _reference[i];
            double sum = 0;
            for (int j = 0; j < _columns.Length; j++)
            {
                double difference = (row[_columns[j]] - other[_columns[j]]) / _deviation[j];
                sum += difference * difference;
            }

            distances[i] = Math.Sqrt(sum);
        }

        return [.. Enumerable.Range(0, distances.Length).OrderBy(i => distances[i]).Take(count)
            .Select(i => new TrainingRow(_referenceNumbers[i], distances[i], _reference[i].ToArray()))];
    }

    private protected abstract void FitRows(TabularRows rows, CancellationToken cancellationToken);

    /// <param name="rows">[rows, varying columns], in the unit of the fit.</param>
    private protected abstract double[] ScoreRows(TabularRows rows);

    /// <summary>Scores the rows of the fit.</summary>
    private protected virtual double[] ScoreTrainingRows(TabularRows rows) => ScoreRows(rows);

    /// <summary>Columns that vary in the fit: the width of the rows that a detector sees.</summary>
    private protected int VaryingColumns => _columns.Length;

    private protected abstract void WriteState(TabularState state);

    private protected abstract void ReadState(TabularState state);

    /// <summary>The options, for a file.</summary>
    internal abstract object? OptionsForFile { get; }

    internal void Calibrate(TabularRows rows) => Calibration = [.. Score(rows).Order()];

    internal double[] Score(TabularRows rows)
    {
        Check(rows);
        return Checked(ScoreRows(Prepared(rows)));
    }

    internal TabularRows Fit(TabularRows rows, IReadOnlyList<string>? columns, CancellationToken cancellationToken, IReadOnlyList<int>? numbers = null)
    {
        if (rows.Count < 2)
            throw new DataException("rows", $"are {rows.Count}", "give at least two rows to learn from");
        if (columns is not null && columns.Count != rows.Width)
            throw new ShapeException("column names", [columns.Count], $"[{rows.Width}], one per column");
        TrainingRows = 0;
        Width = rows.Width;
        ColumnNames = columns is null ? [.. Enumerable.Range(0, rows.Width).Select(j => string.Create(CultureInfo.InvariantCulture, $"column {j}"))] : [.. columns];
        RequireFinite(rows);
        Describe(rows);
        TabularRows prepared = Prepared(rows);
        FitRows(prepared, cancellationToken);
        Keep(rows, numbers);
        TrainingRows = rows.Count;
        return prepared;
    }

    internal TabularState Save()
    {
        RequireFitted();
        var state = new TabularState();
        state.Set("rows", new[] { TrainingRows });
        state.Set("width", new[] { Width });
        state.Set("columns", _columns);
        state.Set("mean", _mean);
        state.Set("scale", _scale);
        state.Set("deviation", _deviation);
        state.Set("reference.numbers", _referenceNumbers);
        state.Set("reference.rows", _reference.Values, _reference.Count, _reference.Width);
        WriteState(state);
        return state;
    }

    internal void Load(TabularState state, IReadOnlyList<string> columnNames)
    {
        Width = state.Integers("width", 1, columnNames.Count, 1)[0];
        if (Width != columnNames.Count)
            throw new DataException("detector", $"has {columnNames.Count} column names for {Width} columns", "fit and save it again");
        ColumnNames = columnNames;
        _columns = state.Integers("columns", 0, Width - 1, TabularState.Any);
        for (int i = 1; i < _columns.Length; i++)
        {
            if (_columns[i] <= _columns[i - 1])
                throw new DataException("detector", "has varying columns that are not ascending", "fit and save it again");
        }

        ConstantColumns = [.. Enumerable.Range(0, Width).Except(_columns)];
        int varying = _columns.Length;
        (_mean, _scale, _deviation) = (state.Finite("mean", varying), state.Finite("scale", varying), state.Finite("deviation", varying));
        if (Array.Exists(_scale, s => s <= 0) || Array.Exists(_deviation, s => s <= 0))
            throw new DataException("detector", "has a scale or deviation that is not above 0", "fit and save it again");
        int rows = state.Integers("rows", 2, int.MaxValue, 1)[0];
        _referenceNumbers = state.Integers("reference.numbers", 0, int.MaxValue, TabularState.Any);
        _reference = new(state.Finite("reference.rows", _referenceNumbers.Length, Width), Width);
        ReadState(state);
        TrainingRows = rows;
    }

    private void Describe(TabularRows rows)
    {
        double[] mean = new double[Width];
        double[] deviation = new double[Width];
        double[] first = rows[0].ToArray();
        bool[] varies = new bool[Width];
        for (int i = 0; i < rows.Count; i++)
        {
            ReadOnlySpan<double> row = rows[i];
            for (int j = 0; j < Width; j++)
            {
                mean[j] += row[j];
                varies[j] |= row[j] != first[j];
            }
        }

        for (int j = 0; j < Width; j++)
            mean[j] /= rows.Count;
        for (int i = 0; i < rows.Count; i++)
        {
            ReadOnlySpan<double> row = rows[i];
            for (int j = 0; j < Width; j++)
                deviation[j] += (row[j] - mean[j]) * (row[j] - mean[j]);
        }

        for (int j = 0; j < Width; j++)
            deviation[j] = Math.Sqrt(deviation[j] / rows.Count);
        _columns = [.. Enumerable.Range(0, Width).Where(j => varies[j] && deviation[j] > 0 && double.IsFinite(deviation[j]))];
        ConstantColumns = [.. Enumerable.Range(0, Width).Except(_columns)];
        if (_columns.Length == 0)
            throw new DataException("rows", "do not vary: every column has one value only", "give rows that differ");
        _deviation = [.. _columns.Select(j => deviation[j])];
        _mean = [.. _columns.Select(j => _standardizes ? mean[j] : 0)];
        _scale = [.. _columns.Select(j => _standardizes ? deviation[j] : 1)];
    }

    private void Keep(TabularRows rows, IReadOnlyList<int>? numbers)
    {
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        if (rows.Count > MostReferenceRows)
        {
            new SplitMix64(rows.Count, 17).Shuffle(order);
            order = [.. order.Take(MostReferenceRows).Order()];
        }

        _reference = rows.Take(order);
        _referenceNumbers = numbers is null ? order : [.. order.Select(i => numbers[i])];
    }

    private TabularRows Prepared(TabularRows rows) => !_standardizes && _columns.Length == Width ? rows : rows.Select(_columns, _mean, _scale);

    private void Check(TabularRows rows)
    {
        RequireFitted();
        if (rows.Width != Width)
            throw new ShapeException("rows", [rows.Count, rows.Width], $"[rows, {Width}], the columns of the fit");
        RequireFinite(rows);
    }

    private void RequireFitted() =>
        OptionsException.Require(IsFitted, "detector", Name, "is not fitted: call Fit with rows that are mostly normal first");

    private void RequireFinite(TabularRows rows)
    {
        if (!TensorPrimitives.IsFiniteAll<double>(rows.Values))
        {
            int bad = Array.FindIndex(rows.Values, v => !double.IsFinite(v));
            throw new DataException($"row {bad / rows.Width}, {ColumnNames[bad % rows.Width]}",
                double.IsNaN(rows.Values[bad]) ? "is NaN" : "is infinite", "fill the value in, or leave the row out");
        }
    }

    private double[] Checked(double[] scores)
    {
        return !TensorPrimitives.IsNaNAny<double>(scores) ? scores : throw new DataException($"row {Array.FindIndex(scores, double.IsNaN)}", $"has no {Name} score: the values are too large to compute with", "bring the columns to a common scale");
    }
}
