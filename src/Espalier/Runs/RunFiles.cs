using System.Text.Json;
using System.Text.Json.Serialization;

namespace Espalier.Runs;

/// <summary>How the files of a run are written: whole or not at all, and readable by people.</summary>
internal static class RunFiles
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Replaces a file in one step: a reader sees the old or the new one, a crash leaves the old one.</summary>
    public static void Replace(string path, Action<Stream> write)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        using (FileStream file = File.Create(temporary))
        {
            write(file);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    public static T ReadJson<T>(string path, string what)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(file, Json) ?? throw new JsonException("it is empty");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DataException(path, $"is not {what} ({error.Message})", "restore the file or start a new run", error);
        }
    }
}
