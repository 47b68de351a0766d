using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Runs.Store;

/// <summary>How the files of a run are written and read: as JSON for people.</summary>
internal static class RunFiles
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static T ReadJson<T>(string path, string what) where T : notnull
    {
        try
        {
            return StrictJson.ReadFile<T>(path, Json);
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DataException(path, $"is not {what} ({error.Message})", "restore the file or start a new run", error);
        }
    }
}
