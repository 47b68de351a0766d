using System.Globalization;
using Espalier.Anomaly.Detectors;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Metrics;

namespace Espalier.Reproductions.Exposure;

/// <summary>
/// Outlier exposure makes confidence honest where one input in six is an outlier: RMS calibration error at a temperature chosen
/// on the last 6,000 training images, and after rescaling so that a uniform guess is no confidence.
/// </summary>
internal static class ExposedCalibration
{
    private const int HeldOut = 6_000;
    private const string Set = "fashion-mnist";

    public static ReproductionPart Run(ReproductionContext context)
    {
        using MnistConvNets networks = MnistConvNets.Load(context.Device);
        using UncutData mnist = DataCatalog.Default.LoadUncut(new() { Name = "mnist" });
        using var scope = torch.NewDisposeScope();
        LabelledBatch heldOut = mnist.Pool.Gather([.. Enumerable.Range(mnist.Pool.Count - HeldOut, HeldOut)]);
        LabelledBatch test = networks.Test.All();
        Tensor outliers = networks.Load(Set);
        var numbers = new Dictionary<string, double>();
        foreach ((string name, double published) in (ReadOnlySpan<(string, double)>)[("baseline", 1.173), ("oe_tune", 1.111)])
        {
            using NetworkOutputs held = NetworkOutputs.Of(networks.Network(name), heldOut.Inputs.to(context.Device));
            using NetworkOutputs inside = NetworkOutputs.Of(networks.Network(name), test.Inputs);
            using NetworkOutputs outside = NetworkOutputs.Of(networks.Network(name), outliers);
            TemperatureScaler scaler = TemperatureScaler.Fit(held.Logits, heldOut.Labels);
            bool[] correct = [.. inside.Logits.argmax(1).eq(test.Labels.cpu()).data<bool>(), .. new bool[MnistConvNets.OutlierCount]];
            double[] confidences = [.. Confidence(scaler, inside), .. Confidence(scaler, outside)];
            var theirs = new TemperatureScaler(published);
            numbers[$"{name}.rms.publishedTemperature"] = 100 * CalibrationError.RootMeanSquare([.. Confidence(theirs, inside), .. Confidence(theirs, outside)], correct, compat: true);
            numbers[$"{name}.temperature"] = scaler.Temperature;
            numbers[$"{name}.rms"] = 100 * CalibrationError.RootMeanSquare(confidences, correct);
            numbers[$"{name}.mad"] = 100 * CalibrationError.MeanAbsolute(confidences, correct);
            numbers[$"{name}.softF1"] = 100 * SoftF1.Of(confidences, correct);
            numbers[$"{name}.rms.rescaled"] = 100 * CalibrationError.RootMeanSquare(TemperatureScaler.Rescale(confidences, networks.Test.ClassCount), correct);

            static double[] Confidence(TemperatureScaler at, NetworkOutputs outputs) => [.. at.Probabilities(outputs.Logits).amax([1]).data<double>()];
        }

        (double before, double after) = (numbers["baseline.rms"], numbers["oe_tune.rms"]);
        List<Claim> claims =
        [
            new("temperature, baseline", "1.173", Text(numbers["baseline.temperature"], "0.000")),
            new("temperature, oe_tune", "1.111", Text(numbers["oe_tune.temperature"], "0.000")),
            new("baseline: RMS calibration error at the published temperature, %", "17.07", Text(numbers["baseline.rms.publishedTemperature"])),
            new("oe_tune: RMS calibration error at the published temperature, %", "9.39", Text(numbers["oe_tune.rms.publishedTemperature"])),
            new("baseline: RMS calibration error at our temperature, %", "", Text(before)),
            new("oe_tune: RMS calibration error at our temperature, %", "", Text(after)),
            new("cut of the RMS error by outlier exposure, %", "35 or more", Text(100 * (1 - (after / before))), after <= 0.65 * before),
            new("oe_tune, rescaled: RMS calibration error, %", "lower still", Text(numbers["oe_tune.rms.rescaled"]), numbers["oe_tune.rms.rescaled"] < after),
            new("MAD, baseline to oe_tune, %", "7.78 to 4.97 (mean over sets)", $"{Text(numbers["baseline.mad"])} to {Text(numbers["oe_tune.mad"])}"),
            new("soft F1, baseline to oe_tune, %", "64.75 to 77.72 (mean over sets)", $"{Text(numbers["baseline.softF1"])} to {Text(numbers["oe_tune.softF1"])}"),
        ];
        return new("calibration", "All 10,000 test images of MNIST with the first 2,000 of Fashion-MNIST among them, which are never right. The published networks were trained on the images that our temperature is chosen on, which makes it too low.", claims, []) { Numbers = numbers };
    }

    private static string Text(double value, string format = "0.00") => value.ToString(format, CultureInfo.InvariantCulture);
}
