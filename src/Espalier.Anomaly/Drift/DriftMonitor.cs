using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Tabular;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Randomness;

namespace Espalier.Anomaly.Drift;

/// <summary>
/// Compares windows of rows with a reference: scores (one column), embeddings or the columns of a table. Each feature by
/// Kolmogorov-Smirnov with a correction for their number and by the population stability index, all of them together by the
/// maximum mean discrepancy in standard units. Rows may arrive one by one until a window is full; the state can be written.
/// </summary>
public sealed class DriftMonitor
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    private readonly TabularRows _reference;
    private readonly double[][] _columns;
    private readonly double[] _mean;
    private readonly double[] _deviation;
    private readonly List<double> _window = [];

    /// <summary>Takes a reference.</summary>
    /// <param name="reference">[rows, features], at least ten rows, finite.</param>
    /// <param name="names">One name per feature; numbered where null.</param>
    /// <param name="options">The tests.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="ShapeException">The number of names differs.</exception>
    /// <exception cref="DataException">There are fewer than ten rows, or a value is NaN or infinite.</exception>
    public DriftMonitor(double[,] reference, IReadOnlyList<string>? names = null, DriftMonitorOptions? options = null)
    {
        Options = options ?? new();
        Options.Validate();
        (int count, int width) = (reference.GetLength(0), reference.GetLength(1));
        if (names is not null && names.Count != width)
            throw new ShapeException("feature names", [names.Count], $"[{width}], one per feature");
        if (count < 10)
            throw new DataException("reference", $"has {count} rows", "give at least ten");
        Names = names is null ? [.. Enumerable.Range(0, width).Select(j => $"column {j}")] : [.. names];
        TabularRows rows = TabularRows.Of(reference);
        RequireFinite(rows.Values, "reference");
        _reference = Sample(rows, Options.MostReferenceRows, 73);
        _columns = [.. Enumerable.Range(0, width).Select(_reference.Column)];
        _mean = [.. _columns.Select(c => c.Average())];
        _deviation = [.. _columns.Zip(_mean).Select(p => Math.Sqrt(p.First.Average(v => (v - p.Second) * (v - p.Second))))];
    }

    /// <summary>The options.</summary>
    public DriftMonitorOptions Options { get; }

    /// <summary>The features' names.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Rows that wait for a full window.</summary>
    public int Waiting => _window.Count / Names.Count;

    /// <summary>Their values, row after row.</summary>
    internal IReadOnlyList<double> WaitingValues => _window;

    /// <summary>Compares a window.</summary>
    /// <param name="window">[rows, features], at least two rows.</param>
    /// <exception cref="ShapeException">Another number of features than the reference.</exception>
    /// <exception cref="DataException">Fewer than two rows, or a value is NaN or infinite.</exception>
    public DriftReport Compare(double[,] window)
    {
        if (window.GetLength(1) != Names.Count)
            throw new ShapeException("the window", [window.GetLength(0), window.GetLength(1)], $"[rows, {Names.Count}], the features of the reference");
        if (window.GetLength(0) < 2)
            throw new DataException("window", $"has {window.GetLength(0)} rows", "give at least two");
        TabularRows rows = TabularRows.Of(window);
        RequireFinite(rows.Values, "window");
        var features = new (double Distance, double PValue, double Index, double Mean)[Names.Count];
        Parallel.For(0, features.Length, j =>
        {
            double[] column = rows.Column(j);
            (double distance, double p) = TwoSampleTests.KolmogorovSmirnov(_columns[j], column);
            features[j] = (distance, p, TwoSampleTests.StabilityIndex(_columns[j], column, Options.Bins), column.Average());
        });
        double[] adjusted = Options.Correction == DriftCorrection.Bonferroni
            ? [.. features.Select(f => Math.Min(1, f.PValue * features.Length))]
            : BenjaminiHochberg.Adjust([.. features.Select(f => f.PValue)]);
        FeatureDrift[] found = [.. features.Select((f, j) => new FeatureDrift(Names[j], f.Distance, f.PValue, f.Index, _mean[j], f.Mean, adjusted[j] <= Options.Alpha))];
        (double Discrepancy, double PValue)? whole = Options.Permutations == 0 ? null
            : TwoSampleTests.MaximumMeanDiscrepancy(Scaled(_reference, 79), Scaled(rows, 83), Options.Permutations, Options.Seed);
        return new(_reference.Count, rows.Count, found, whole?.Discrepancy, whole?.PValue, found.Any(f => f.IsDrift) || whole?.PValue <= Options.Alpha);
    }

    /// <summary>Takes a row in; once a window is full it is compared and the next one begins.</summary>
    /// <param name="row">As many values as the reference has features.</param>
    /// <param name="windowRows">Rows of a window, at least 2.</param>
    /// <returns>The report of a window that has become full, else null.</returns>
    /// <exception cref="ShapeException">Another number of features than the reference.</exception>
    /// <exception cref="DataException">A value is NaN or infinite; the row is not taken in.</exception>
    public DriftReport? Observe(ReadOnlySpan<double> row, int windowRows)
    {
        OptionsException.Require(windowRows >= 2, nameof(windowRows), windowRows, "must be at least 2");
        if (row.Length != Names.Count)
            throw new ShapeException("a row", [row.Length], $"[{Names.Count}], the features of the reference");
        RequireFinite(row.ToArray(), "row");
        _window.AddRange(row);
        if (Waiting < windowRows)
            return null;
        double[,] window = new double[Waiting, Names.Count];
        Buffer.BlockCopy(_window.ToArray(), 0, window, 0, _window.Count * sizeof(double));
        _window.Clear();
        return Compare(window);
    }

    /// <summary>Writes reference, options and the rows that wait; the file is whole or absent.</summary>
    /// <param name="path">A JSON file.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path) => AtomicFile.Replace(path, JsonSerializer.Serialize(new Kept(Options, Names, _reference.Values, _window), Json));

    /// <summary>Goes on from a file.</summary>
    /// <param name="path">What <see cref="Save"/> wrote.</param>
    /// <exception cref="DataException">It cannot be read.</exception>
    public static DriftMonitor Load(string path)
    {
        try
        {
            Kept kept = StrictJson.ReadFile<Kept>(path, Json);
            if (kept.Names.Count == 0 || kept.Reference.Count % kept.Names.Count != 0 || kept.Window.Count % kept.Names.Count != 0)
                throw new JsonException("its rows are not whole");
            double[,] reference = new double[kept.Reference.Count / kept.Names.Count, kept.Names.Count];
            Buffer.BlockCopy(kept.Reference.ToArray(), 0, reference, 0, kept.Reference.Count * sizeof(double));
            var monitor = new DriftMonitor(reference, kept.Names, kept.Options);
            monitor._window.AddRange(kept.Window);
            return monitor;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"is no state of a drift monitor ({error.Message})", "start anew from the reference", error);
        }
    }

    private double[,] Scaled(TabularRows rows, int stream)
    {
        TabularRows sample = Sample(rows, Options.MostRows, stream);
        double[,] scaled = new double[sample.Count, sample.Width];
        for (int i = 0; i < sample.Count; i++)
        {
            // A column that never varied in the reference keeps its own unit: a value beside its constant is far away.
            for (int j = 0; j < sample.Width; j++)
                scaled[i, j] = (sample[i][j] - _mean[j]) / (_deviation[j] > 0 ? _deviation[j] : 1);
        }

        return scaled;
    }

    private TabularRows Sample(TabularRows rows, int most, int stream)
    {
        if (rows.Count <= most)
            return rows;
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        new SplitMix64(Options.Seed, stream).Shuffle(order);
        return rows.Take(order.AsSpan(0, most));
    }

    private void RequireFinite(double[] values, string what)
    {
        int bad = Array.FindIndex(values, v => !double.IsFinite(v));
        if (bad >= 0)
            throw new DataException($"{what}, row {bad / Names.Count}, {Names[bad % Names.Count]}", double.IsNaN(values[bad]) ? "is NaN" : "is infinite", "fill the value in, or leave the row out");
    }

    private sealed record Kept(DriftMonitorOptions Options, IReadOnlyList<string> Names, IReadOnlyList<double> Reference, IReadOnlyList<double> Window);
}
