using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Detectors by name, with options as text or JSON: <c>name:option=value,option=value</c>, names in kebab case.</summary>
internal static class TabularDetectorText
{
    private static readonly Dictionary<string, (Type? Options, Func<object?, TabularDetector> Make)> Known = new(StringComparer.Ordinal)
    {
        ["isolation-forest"] = With<IsolationForestOptions>(o => new IsolationForest(o)),
        ["knn"] = With<KNearestNeighboursOptions>(o => new KNearestNeighbours(o)),
        ["lof"] = With<LocalOutlierFactorOptions>(o => new LocalOutlierFactor(o)),
        ["ecod"] = (null, _ => new Ecod()),
        ["copod"] = (null, _ => new Copod()),
        ["hbos"] = With<HbosOptions>(o => new Hbos(o)),
        ["pca"] = With<PcaDetectorOptions>(o => new PcaDetector(o)),
        ["robust-covariance"] = With<RobustCovarianceOptions>(o => new RobustCovariance(o)),
        ["one-class-svm"] = With<OneClassSvmOptions>(o => new OneClassSvm(o)),
        ["gaussian-mixture"] = With<GaussianMixtureOptions>(o => new GaussianMixture(o)),
        ["deep-svdd"] = With<DeepSvddOptions>(o => new DeepSvdd(o)),
        ["autoencoder"] = With<AutoencoderOptions>(o => new Autoencoder(o)),
    };

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys];

    public static TabularDetector Create(string text)
    {
        (string name, string? rest) = text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? (text[..colon], text[(colon + 1)..]) : (text, null);
        Type? type = Find(name).Options;
        string[] options = type is null ? [] : [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).Select(p => Json.PropertyNamingPolicy!.ConvertName(p.Name))];
        var values = new JsonObject();
        foreach (string pair in rest?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [])
        {
            string[] sides = pair.Split('=', 2, StringSplitOptions.TrimEntries);
            if (!options.Contains(sides[0]))
                throw new NotFoundException($"option of {name}", sides[0], options);
            OptionsException.Require(sides.Length == 2 && sides[1].Length > 0, sides[0], null, $"needs a value: {name}:{sides[0]}=...");
            values[sides[0]] = Value(sides[1]);
        }

        return Create(name, values);
    }

    public static TabularDetector Create(string name, JsonObject? options)
    {
        (Type? type, Func<object?, TabularDetector> make) = Find(name);
        if (type is null)
            return make(null);
        try
        {
            return make((options ?? []).Deserialize(type, Json));
        }
        catch (JsonException error)
        {
            string option = error.Path?.TrimStart('$', '.') ?? "options";
            throw new OptionsException(option, options?[option]?.ToString(), $"is of the wrong kind for {name}");
        }
    }

    public static JsonObject? ToJson(object? options) => options is null ? null : JsonSerializer.SerializeToNode(options, options.GetType(), Json)!.AsObject();

    private static (Type? Options, Func<object?, TabularDetector> Make) Find(string name) =>
        Known.TryGetValue(name, out var known) ? known : throw new NotFoundException("detector of rows", name, Known.Keys);

    private static JsonValue Value(string text) => text switch
    {
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole) => JsonValue.Create(whole),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create(text)!,
    };

    private static (Type, Func<object?, TabularDetector>) With<T>(Func<T?, TabularDetector> make) where T : class => (typeof(T), options => make((T?)options));
}
