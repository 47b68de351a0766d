using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Espalier.Anomaly.Decisions;
using Espalier.Files;

namespace Espalier.Cli.Output;

/// <summary>What a kept detector says of one input.</summary>
/// <param name="Index">Of the input, from 0.</param>
/// <param name="Score">Higher is more anomalous.</param>
/// <param name="PValue">The conformal p-value; null where the file holds no calibration.</param>
/// <param name="Anomalous">Whether it is above the threshold; null where the file holds none.</param>
internal sealed record DetectorVerdict(int Index, double Score, double? PValue, bool? Anomalous)
{
    /// <summary>The input's class, where inputs have one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Class { get; init; }

    /// <summary>The verdicts on inputs, in order.</summary>
    /// <param name="scores">Their scores.</param>
    /// <param name="calibration">Scores of held-out ordinary inputs; empty where there are none.</param>
    /// <param name="threshold">The threshold, if one was chosen.</param>
    /// <param name="classes">Their classes, where they have some.</param>
    public static DetectorVerdict[] Of(double[] scores, IReadOnlyList<double> calibration, DetectionThreshold? threshold, IReadOnlyList<string>? classes = null)
    {
        ConformalCalibration? conformal = calibration.Count > 0 ? new(calibration) : null;
        return [.. scores.Select((score, i) => new DetectorVerdict(i, score, conformal?.PValue(score), threshold?.IsAnomalous(score)) { Class = classes?[i] })];
    }

    /// <summary>Writes a table; it is whole or absent.</summary>
    /// <param name="path">The CSV file.</param>
    /// <param name="verdicts">Its rows.</param>
    public static void Write(string path, IReadOnlyList<DetectorVerdict> verdicts)
    {
        bool hasClasses = verdicts.Any(v => v.Class is not null);
        var text = new StringBuilder(hasClasses ? "index,class,score,p_value,anomalous\n" : "index,score,p_value,anomalous\n");
        foreach (DetectorVerdict v in verdicts)
            text.Append(CultureInfo.InvariantCulture, $"{v.Index},{(hasClasses ? $"{v.Class}," : "")}{v.Score:R},{v.PValue:R},{(v.Anomalous is { } a ? a ? "1" : "0" : "")}\n");
        AtomicFile.Replace(path, text.ToString());
    }
}
