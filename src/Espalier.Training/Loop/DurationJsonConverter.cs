using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Errors;

namespace Espalier.Training.Loop;

/// <summary>Reads and writes a <see cref="Duration"/> as text, such as <c>"40 epochs"</c>.</summary>
public sealed class DurationJsonConverter : JsonConverter<Duration>
{
    /// <inheritdoc/>
    public override Duration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new JsonException("a duration is text: \"40 epochs\", \"1500 steps\" or \"20480 samples\"");
        try
        {
            return Duration.Parse(reader.GetString()!);
        }
        catch (OptionsException error)
        {
            // Only the reader of the whole document knows which key this is.
            throw new JsonException(error.Message, error);
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Duration value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
