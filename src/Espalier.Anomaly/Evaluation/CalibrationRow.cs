namespace Espalier.Anomaly.Evaluation;

/// <summary>How honest a model's confidence is, on test samples and on test samples with outliers among them, which are never right.</summary>
/// <param name="Confidence">Which confidence: <c>softmax</c>, <c>temperature</c>, <c>temperature, rescaled</c>.</param>
/// <param name="ExpectedError">Expected calibration error over 15 bins of equal width, on test samples.</param>
/// <param name="LogLoss">Negative log-likelihood on test samples, in nats; NaN for a rescaled confidence, which is no distribution.</param>
/// <param name="Brier">Brier score on test samples; NaN for a rescaled confidence.</param>
/// <param name="RootMeanSquare">RMS calibration error with outliers, one to five, mean over the reported sets; NaN where there are none.</param>
/// <param name="MeanAbsolute">MAD calibration error, likewise.</param>
/// <param name="SoftF1">Soft F1 of finding mistakes, likewise; higher is better.</param>
public sealed record CalibrationRow(string Confidence, double ExpectedError, double LogLoss, double Brier, double RootMeanSquare, double MeanAbsolute, double SoftF1);
