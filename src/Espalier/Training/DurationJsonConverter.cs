using System.Text.Json;
using System.Text.Json.Serialization;

namespace Espalier.Training;

/// <summary>Reads and writes a <see cref="Duration"/> as text, such as <c>"40 epochs"</c>.</summary>
public sealed class DurationJsonConverter : JsonConverter<Duration>
{
    /// <inheritdoc/>
    public override Duration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? Duration.Parse(reader.GetString()!)
            : throw new JsonException("a duration is text: \"40 epochs\", \"1500 steps\" or \"20480 samples\"");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Duration value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
