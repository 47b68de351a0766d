using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Files;
using Espalier.Networks.Vision;

namespace Espalier.Networks.Checkpoints;

/// <summary>What stands beside published weights as <c>config.json</c>, in timm's fields.</summary>
public sealed record PretrainedConfig
{
    /// <summary>The file's name.</summary>
    public const string FileName = "config.json";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true };

    /// <summary>The architecture's name, such as <c>gmlp_s16_224</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Number of classes.</summary>
    public required int NumClasses { get; init; }

    /// <summary>Size of the vector that the head reads.</summary>
    public required int NumFeatures { get; init; }

    /// <summary>Shape of an image, [channels, height, width].</summary>
    public required IReadOnlyList<long> InputSize { get; init; }

    /// <summary>What is subtracted from pixels in [0, 1], per channel.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.5, 0.5, 0.5];

    /// <summary>What they are then divided by, per channel.</summary>
    public IReadOnlyList<double> Std { get; init; } = [0.5, 0.5, 0.5];

    /// <summary>The share of the scaled image whose middle is seen.</summary>
    public double CropPct { get; init; } = 0.875;

    /// <summary>How images are scaled.</summary>
    public string Interpolation { get; init; } = "bicubic";

    /// <summary>The configuration of a network for images.</summary>
    /// <param name="architecture">The architecture's name.</param>
    /// <param name="network">The network.</param>
    public static PretrainedConfig Of(string architecture, VisionNetwork network) =>
        new() { Architecture = architecture, NumClasses = network.Classes, NumFeatures = network.Features, InputSize = network.InputShape };

    /// <summary>Writes the file.</summary>
    /// <param name="path">Where.</param>
    public void Write(string path) => AtomicFile.Replace(path, JsonSerializer.Serialize(
        new
        {
            Architecture,
            NumClasses,
            NumFeatures,
            PretrainedCfg = new { InputSize, Mean, Std, CropPct, Interpolation, NumClasses, FixedInputSize = true },
        },
        Json) + "\n");
}
