using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Onnx.Classification;

/// <summary>
/// How inputs in Espalier's form (channels first, RGB, values between <see cref="Lower"/> and <see cref="Upper"/>) become those
/// of an ONNX classifier, and what its output means: x -> (x * <see cref="Scale"/> - <see cref="Mean"/>) / <see cref="Std"/>.
/// Stands beside a model as <c>model.onnx.json</c>.
/// </summary>
public sealed record OnnxClassifierOptions
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        RespectNullableAnnotations = true,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Name of the input; null takes the only one.</summary>
    public string? Input { get; init; }

    /// <summary>Name of the output that holds the scores; null takes the only one of floating point.</summary>
    public string? Output { get; init; }

    /// <summary>Shape of one input in Espalier's form, [channels, height, width] or [features]; null takes the file's.</summary>
    public IReadOnlyList<long>? InputShape { get; init; }

    /// <summary>The order of the dimensions that the model wants.</summary>
    public TensorLayout Layout { get; init; } = TensorLayout.ChannelsFirst;

    /// <summary>The order of the colours that the model wants.</summary>
    public ChannelOrder ChannelOrder { get; init; } = ChannelOrder.Rgb;

    /// <summary>What values are multiplied by first; null is 255 where the model takes bytes, else 1.</summary>
    public double? Scale { get; init; }

    /// <summary>What is then subtracted: one value, or one per channel.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0];

    /// <summary>What they are then divided by: one value, or one per channel; above zero.</summary>
    public IReadOnlyList<double> Std { get; init; } = [1];

    /// <summary>Least legal value of an input, before the scaling.</summary>
    public double Lower { get; init; }

    /// <summary>Greatest legal value of an input, before the scaling.</summary>
    public double Upper { get; init; } = 1;

    /// <summary>What the output holds; null looks at what the model gives for random inputs.</summary>
    public OnnxOutputKind? OutputKind { get; init; }

    /// <summary>One name per class; their numbers where empty.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>
    /// For image files: the share, in (0, 1], of the scaled image whose middle the model sees, as timm's crop_pct; null
    /// stretches the image.
    /// </summary>
    public double? CropRatio { get; init; }

    /// <summary>Inputs at once where the model takes any number.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>The sidecar's place.</summary>
    /// <param name="model">The model's file.</param>
    public static string PathFor(string model) => model + ".json";

    /// <summary>Reads the sidecar of a model, or gives the defaults where there is none.</summary>
    /// <param name="model">The model's file.</param>
    /// <exception cref="DataException">It cannot be read.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public static OnnxClassifierOptions ReadFor(string model)
    {
        string path = PathFor(model);
        if (!File.Exists(path))
            return new();
        try
        {
            OnnxClassifierOptions options = StrictJson.ReadFile<OnnxClassifierOptions>(path, Json);
            options.Validate();
            return options;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, error.Message.ReplaceLineEndings(" ").TrimEnd('.'), "correct it, or remove it and give the options on the command line", error);
        }
    }

    /// <summary>Writes the sidecar of a model.</summary>
    /// <param name="model">The model's file.</param>
    public void WriteFor(string model) => AtomicFile.Replace(PathFor(model), JsonSerializer.Serialize(this, Json) + "\n");

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(InputShape is null || (InputShape.Count > 0 && InputShape.All(s => s >= 1)), nameof(InputShape), InputShape is null ? null : string.Join(", ", InputShape), "must hold sizes of at least 1");
        OptionsException.Require(Scale is null || (double.IsFinite(Scale.Value) && Scale != 0), nameof(Scale), Scale, "must be finite and not 0");
        OptionsException.Require(Mean.Count > 0 && Mean.All(double.IsFinite), nameof(Mean), string.Join(", ", Mean), "must hold finite values");
        OptionsException.Require(Std.Count > 0 && Std.All(s => double.IsFinite(s) && s > 0), nameof(Std), string.Join(", ", Std), "must hold values above 0");
        OptionsException.Require(Lower < Upper, nameof(Lower), Lower, $"must be below upper, {Upper}");
        OptionsException.Require(CropRatio is null or (> 0 and <= 1), nameof(CropRatio), CropRatio, "must be above 0 and at most 1");
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
    }
}
