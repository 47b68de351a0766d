using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Espalier.Errors;

namespace Espalier.Recipes.Engine;

/// <summary>Reads and writes <c>"task": { "kind": ..., options of that kind }</c>.</summary>
internal sealed class TaskSectionConverter(EspalierCatalog catalog) : JsonConverter<TaskSection>
{
    public override TaskSection Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        JsonObject node = JsonNode.Parse(ref reader) as JsonObject ?? throw new JsonException("a task is a section { ... }");
        if (node["kind"] is not JsonValue value || !value.TryGetValue(out string? kind))
            throw new JsonException("a task has a kind");
        IRecipeTask task;
        try
        {
            task = catalog.FindTask(kind);
        }
        catch (NotFoundException error)
        {
            throw new JsonException(error.Message, error);
        }

        node.Remove("kind");
        return new TaskSection(task.Kind, node.Deserialize(task.OptionsType, options) ?? throw new JsonException("a task is a section { ... }"));
    }

    public override void Write(Utf8JsonWriter writer, TaskSection value, JsonSerializerOptions options)
    {
        JsonObject node = JsonSerializer.SerializeToNode(value.Options, value.Options.GetType(), options)!.AsObject();
        node.Insert(0, "kind", value.Kind);
        node.WriteTo(writer, options);
    }
}
