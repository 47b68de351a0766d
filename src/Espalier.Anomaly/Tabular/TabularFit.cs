using Espalier.Anomaly.Decisions;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Anomaly.Tabular;

/// <summary>From a table to a detector with a threshold that holds: some rows are learned from, others are held out to choose it on.</summary>
public static class TabularFit
{
    /// <summary>Fits, calibrates and chooses.</summary>
    /// <param name="table">Rows that are mostly ordinary.</param>
    /// <param name="options">The detector and the promise.</param>
    /// <param name="calibration">Ordinary rows of the same columns to choose on; some of the table's where null.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="NotFoundException">There is no such detector.</exception>
    /// <exception cref="DataException">There are too few rows for the promise (the message says how many are needed), or a value is NaN or infinite.</exception>
    public static TabularDetector Run(NumericTable table, TabularFitOptions options, NumericTable? calibration = null, CancellationToken cancellationToken = default)
    {
        options.Validate();
        TabularRows rows = TabularRows.Of(table.Rows);
        TabularRows held;
        IReadOnlyList<int> numbers = table.Numbers;
        if (calibration is null)
        {
            int[] order = [.. Enumerable.Range(0, rows.Count)];
            new SplitMix64(options.Seed, 89).Shuffle(order);
            int count = Math.Clamp((int)Math.Round(options.CalibrationShare * rows.Count), 1, Math.Max(1, rows.Count - 1));
            held = rows.Take([.. order[..count].Order()]);
            int[] kept = [.. order[count..].Order()];
            rows = rows.Take(kept);
            numbers = [.. kept.Select(i => table.Numbers[i])];
        }
        else
        {
            held = TabularRows.Of(calibration.Rows);
        }

        // Whether there are enough is known before anything is fitted.
        double[] placeholder = [.. Enumerable.Range(0, held.Count).Select(i => (double)i)];
        _ = options.Delta is { } delta ? DetectionThreshold.ConformalPac(placeholder, options.FalseAlarms, delta) : DetectionThreshold.Conformal(placeholder, options.FalseAlarms);
        TabularDetector detector = TabularDetector.Create(options.Detector);
        try
        {
            detector.Fit(rows, table.Schema.FeatureNames, cancellationToken, numbers);
            detector.Schema = table.Schema;
            detector.Calibrate(held);
            (detector.FalseAlarms, detector.Delta) = (options.FalseAlarms, options.Delta);
            return detector;
        }
        catch
        {
            (detector as IDisposable)?.Dispose();
            throw;
        }
    }
}
