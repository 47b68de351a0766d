using System.Text.Json;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.OneClass;
using Espalier.Anomaly.Persistence;
using Espalier.Anomaly.Tabular;
using Espalier.Data.Images;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Recipes;
using Espalier.Recipes.Detection;

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

    /// <summary>Where the detector takes its inputs.</summary>
    public torch.Device Device { get; private init; } = torch.CPU;

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
    public Func<double[], int, IReadOnlyList<AlarmNeighbour>>? Nearest { get; init; }

    /// <summary>Opens a detector that needs no model: of rows or of images.</summary>
    /// <param name="path">The detector's file.</param>
    /// <param name="device">Where a network in it shall live.</param>
    /// <param name="decimalMark">What stands before the fraction of a number in tables.</param>
    /// <exception cref="OptionsException">Rows are scored on the CPU.</exception>
    public static WatchedDetector Open(string path, torch.Device device, string decimalMark = ".")
    {
        if (DetectorArchive.Read(path).Kind == ImageDeepSvdd.ArchiveKind)
            return OfImages(path, device);
        OptionsException.Require(device.type == DeviceType.CPU, "device", device.ToString(), "belongs to networks: rows are scored on the CPU");
        return OfRows(path, decimalMark);
    }

    private static WatchedDetector OfImages(string path, torch.Device device)
    {
        ImageDeepSvdd detector = ImageDeepSvdd.Load(path, device);
        long[] shape = [.. detector.InputShape];
        return new(detector, shape, detector.Calibration, detector.FalseAlarms, null, detector)
        {
            Device = device,
            Features = record => Flat(record, shape),
            Row = (_, _) => throw new DataException("row", "is no image", "give pictures or arrays of numbers"),
            Picture = file =>
            {
                using var scope = torch.NewDisposeScope();
                return ImageFile.Read(file, (int)shape[0], (int)shape[1], (int)shape[2]).to(torch.float64).flatten().data<double>().ToArray();
            },
        };
    }

    /// <summary>Opens a detector of rows.</summary>
    private static WatchedDetector OfRows(string path, string decimalMark)
    {
        TabularDetector detector = TabularDetector.Load(path);
        TabularSchema schema = detector.Schema ?? new([.. detector.ColumnNames.Select(n => new TabularColumn(n, ColumnKind.Numeric, 0, 0, []))], "", []);
        return new(detector, [detector.Width], detector.Calibration, detector.FalseAlarms, detector.Delta, detector as IDisposable)
        {
            Features = record => NumericTable.Features(record, schema),
            Row = (header, cells) => NumericTable.Features(header, cells, schema, decimalMark),
        };
    }

    /// <summary>Opens a detector on a network.</summary>
    /// <param name="path">The detector's file.</param>
    /// <param name="target">The model that it was fitted on; taken over.</param>
    /// <param name="decimalMark">What stands before the fraction of a number in tables.</param>
    public static WatchedDetector OfNetwork(string path, AuditTarget target, string decimalMark = ".")
    {
        DetectionModel? model = null;
        try
        {
            string? layer = Espalier.Anomaly.Detectors.Detector.LayerOf(path);
            model = DetectionModel.Of(target.Classifier, target.Classifier is TorchClassifier ? layer : null);
            Detector detector = Espalier.Anomaly.Detectors.Detector.Load(path, model.Classifier);
            long[] shape = [.. target.Classifier.InputShape];
            IScoringClassifier classifier = model.Classifier;
            return new(detector, shape, detector.Calibration, detector.FalseAlarms, null, detector, model, target)
            {
                Device = target.Splits.Test.Device,
                Features = record => target.Schema is { } schema && record.ValueKind == JsonValueKind.Object
                    ? Scaled(NumericTable.Features(record, schema), target) : Flat(record, shape),
                Row = (header, cells) => target.Schema is { } schema ? Scaled(NumericTable.Features(header, cells, schema, decimalMark), target)
                    : throw new DataException("row", "is no input of this model", "give pictures or arrays of numbers"),
                Picture = shape is [var channels, var height, var width] ? file => Read(file, (int)channels, (int)height, (int)width, target) : null,
                Nearest = detector.Examples is { } examples ? (values, count) => Neighbours(values, count, shape, classifier, examples, target.Splits.Test.Device) : null,
            };
        }
        catch
        {
            model?.Dispose();
            target.Dispose();
            throw;
        }
    }

    private static double[] Scaled(double[] features, AuditTarget target)
    {
        if (target.Standardization is not { } scaling)
            return features;
        using var scope = torch.NewDisposeScope();
        return scaling.Apply(torch.tensor(features, dtype: torch.float64).unsqueeze(0)).to(torch.float64).flatten().data<double>().ToArray();
    }

    private static double[] Read(string file, int channels, int height, int width, AuditTarget target)
    {
        using var scope = torch.NewDisposeScope();
        Tensor picture = ImageFile.Read(file, channels, height, width).unsqueeze(0);
        return (target.Standardization?.Apply(picture) ?? picture).to(torch.float64).flatten().data<double>().ToArray();
    }

    private static double[] Flat(JsonElement record, long[] shape)
    {
        long width = shape.Aggregate(1L, (a, b) => a * b);
        if (record.ValueKind != JsonValueKind.Array || record.GetArrayLength() != width)
            throw new DataException("record", "is no input of this model", $"give an array of {width} numbers, [{string.Join(", ", shape)}] row after row");
        double[] values = new double[width];
        int at = 0;
        foreach (JsonElement value in record.EnumerateArray())
        {
            values[at] = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number
                : throw new DataException($"record, value {at}", "is no finite number", "mend the value or leave the record out");
            at++;
        }

        return values;
    }

    private static IReadOnlyList<AlarmNeighbour> Neighbours(double[] values, int count, long[] shape, IScoringClassifier classifier, ExampleBank examples, torch.Device device)
    {
        using var scope = torch.NewDisposeScope();
        using NetworkOutputs outputs = NetworkOutputs.Of(classifier, torch.tensor(values, dtype: torch.float32, device: device).view([1, .. shape]), 1);
        return outputs.Features is { } features ? [.. examples.Nearest(features, count)[0].Select(n => new AlarmNeighbour(n.Id, n.Distance))] : [];
    }

    public void Dispose()
    {
        foreach (IDisposable each in _owned)
            each.Dispose();
    }
}
