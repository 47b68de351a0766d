using System.Text.Json;
using Espalier.Anomaly;
using Espalier.Data;

namespace Espalier.Cli.Watching;

/// <summary>A kept detector with what a stream needs of it: how records become inputs, and what its scores mean.</summary>
internal sealed class WatchedDetector : IDisposable
{
    private readonly IDisposable[] _owned;

    private WatchedDetector(IAnomalyDetector detector, IReadOnlyList<long> shape, IReadOnlyList<double> calibration, double? falseAlarms, double? delta, params IDisposable?[] owned)
    {
        (Detector, Shape, CalibrationScores, FalseAlarms, Delta) = (detector, shape, calibration, falseAlarms, delta);
        _owned = [.. owned.OfType<IDisposable>()];
    }

    public IAnomalyDetector Detector { get; }

    /// <summary>Shape of one input.</summary>
    public IReadOnlyList<long> Shape { get; }

    public IReadOnlyList<double> CalibrationScores { get; }

    /// <summary>The share of false alarms that the file asks for, or null.</summary>
    public double? FalseAlarms { get; }

    /// <summary>The probability that goes with it, or null.</summary>
    public double? Delta { get; }

    /// <summary>Makes the input of a record.</summary>
    public required Func<JsonElement, double[]> Features { get; init; }

    /// <summary>Makes the input of a table's row: header and cells.</summary>
    public required Func<IReadOnlyList<string>, IReadOnlyList<string>, double[]> Row { get; init; }

    /// <summary>Makes the input of a picture; null where inputs are no pictures.</summary>
    public Func<string, double[]>? Picture { get; init; }

    /// <summary>The training samples most like an input; null where the detector itself knows or keeps none.</summary>
    public Func<double[], int, IReadOnlyList<TrainingRow>>? Nearest { get; init; }

    /// <summary>Opens a detector of rows.</summary>
    public static WatchedDetector OfRows(string path)
    {
        TabularDetector detector = TabularDetector.Load(path);
        TabularSchema schema = detector.Schema ?? new([.. detector.ColumnNames.Select(n => new TabularColumn(n, ColumnKind.Numeric, 0, 0, []))], "", []);
        return new(detector, [detector.Width], detector.Calibration, detector.FalseAlarms, detector.Delta, detector as IDisposable)
        {
            Features = record => NumericTable.Features(record, schema),
            Row = (header, cells) => NumericTable.Features(header, cells, schema),
        };
    }

    public void Dispose()
    {
        foreach (IDisposable each in _owned)
            each.Dispose();
    }
}
