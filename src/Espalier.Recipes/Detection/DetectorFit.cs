using System.Globalization;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Persistence;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Recipes.Detection;

/// <summary>
/// Fits a detector on a model's training data and calibrates it on the validation part, which neither the model nor the detector
/// has seen: what <c>espalier detectors fit</c> keeps in a file.
/// </summary>
public static class DetectorFit
{
    /// <summary>Fits.</summary>
    /// <param name="target">The model and its data.</param>
    /// <param name="model">The model as detectors want it; must live as long as the detector.</param>
    /// <param name="options">Which detector, and on what.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The detector, calibrated, and its threshold; the caller's.</returns>
    /// <exception cref="DataException">There are too few held-out samples for the wanted rate of false alarms; the message says how many are needed.</exception>
    /// <exception cref="OptionsException">The detector does not suit the model.</exception>
    public static (Detector Detector, DetectionThreshold Threshold) Run(AuditTarget target, DetectionModel model, DetectorFitOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        Detector detector = Detector.Create(options.Detector, model.Classifier);
        try
        {
            using var scope = torch.NewDisposeScope();
            detector.FalseAlarms = options.FalseAlarms;
            if (detector.Rule.Needs.HasFlag(DetectorNeeds.Fit))
            {
                LabelledBatch train = target.Splits.Train.First(options.Fit);
                detector.Fit(train.Inputs, train.Labels, cancellationToken);
            }

            detector.Calibrate(target.Splits.Validation.All().Inputs);
            if (options.Examples > 0 && model.Classifier is IFeatureClassifier)
            {
                LabelledBatch examples = target.Splits.Train.First(options.Examples);
                using NetworkOutputs outputs = NetworkOutputs.Of(model.Classifier, examples.Inputs, cancellationToken: cancellationToken);
                detector.Examples = new ExampleBank(outputs.Features!, [.. Enumerable.Range(0, (int)outputs.Count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{target.Splits.Train.Name}/{i}"))]);
            }

            return (detector, DetectionThreshold.Conformal(detector.Calibration, options.FalseAlarms));
        }
        catch
        {
            detector.Dispose();
            throw;
        }
    }
}
