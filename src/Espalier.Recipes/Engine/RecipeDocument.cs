using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Recipes.Engine;

/// <summary>The text of a recipe as a tree that overrides change and that is checked key by key before it is bound.</summary>
public sealed class RecipeDocument
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    private const string KindKey = "kind";

    private readonly string _source;
    private readonly JsonObject _root;
    private readonly EspalierCatalog _catalog;

    private RecipeDocument(string source, JsonObject root, EspalierCatalog catalog) => (_source, _root, _catalog) = (source, root, catalog);

    /// <summary>Reads the text of a recipe.</summary>
    /// <param name="source">Its name or file, for messages.</param>
    /// <param name="text">JSON; comments and trailing commas are allowed.</param>
    /// <param name="catalog">What the recipe may name.</param>
    /// <exception cref="RecipeException">The text is no JSON object.</exception>
    public static RecipeDocument Parse(string source, string text, EspalierCatalog catalog)
    {
        try
        {
            return StrictJson.Node(text, Lenient) is JsonObject root
                ? new RecipeDocument(source, root, catalog)
                : throw new RecipeException(source, "is not a JSON object", "begin it with {");
        }
        catch (JsonException error) when (error.LineNumber is null && error.InnerException is not null)
        {
            throw new RecipeException(source, "holds text that is broken", error.Message, error);
        }
        catch (JsonException error) when (error.LineNumber is null)
        {
            throw new RecipeException(source, "gives a key twice", error.Message, error);
        }
        catch (JsonException error)
        {
            throw new RecipeException(source, $"is not valid JSON at line {error.LineNumber + 1}, column {error.BytePositionInLine + 1}", "mend the syntax there", error);
        }
    }

    /// <summary>Sets one value.</summary>
    /// <param name="assignment"><c>train.batchSize=512</c>; the value is JSON, or text without quotes.</param>
    /// <exception cref="RecipeException">The assignment has no <c>=</c>, or names no key of a recipe.</exception>
    public void Set(string assignment)
    {
        int equals = assignment.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
            throw new RecipeException(_source, $"cannot set '{assignment}'", "write key=value, such as train.batchSize=512");
        string[] path = assignment[..equals].Trim().Split('.');
        Type type = typeof(Recipe);
        JsonObject at = _root;
        for (int i = 0; i < path.Length; i++)
        {
            string where = string.Join('.', path[..(i + 1)]);
            if (type == typeof(TaskSection))
            {
                if (path[i] == KindKey && i == path.Length - 1)
                {
                    at[KindKey] = assignment[(equals + 1)..].Trim().Trim('"');
                    return;
                }

                type = TaskType(at, where);
            }

            JsonPropertyInfo property = Property(type, path[i], where);
            type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (i == path.Length - 1)
            {
                at[path[i]] = Value(assignment[(equals + 1)..], type, property.IsSetNullable, where);
                return;
            }

            if (!IsSection(type))
                throw new RecipeException(_source, $"'{where}' holds one value and has no parts", $"set it as {where}=value");
            if (at[path[i]] is not JsonObject section)
                at[path[i]] = section = [];
            at = section;
        }
    }

    /// <summary>Binds and checks the recipe.</summary>
    /// <exception cref="RecipeException">A key is unknown or a value has the wrong type.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public Recipe Bind()
    {
        CheckKeys(_root, typeof(Recipe), "");
        Recipe recipe;
        try
        {
            recipe = StrictJson.Read<Recipe>(_root.ToJsonString(), _catalog.Json) with { Catalog = _catalog };
        }
        catch (JsonException error)
        {
            string path = error.Path?.TrimStart('$', '.') ?? "";
            throw new RecipeException(_source, $"'{path}' has a value of the wrong type", Expected(path), error);
        }

        recipe.Validate();
        return recipe;
    }

    private bool IsSection(Type type) => type == typeof(TaskSection) || _catalog.Json.GetTypeInfo(type).Kind == JsonTypeInfoKind.Object;

    /// <summary>What the names of a dictionary stand for; null for any other type.</summary>
    private static Type? ValueType(Type type) => type.IsGenericType && type.GetGenericArguments() is [var key, var value] && key == typeof(string) ? value : null;

    private static Type? ElementType(Type type) => type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type) && type.GetGenericArguments() is [var element]
        ? element
        : null;

    private void CheckKeys(JsonNode? node, Type type, string prefix)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (node is JsonArray array && ElementType(type) is { } element)
        {
            for (int i = 0; i < array.Count; i++)
            {
                string where = $"{prefix.TrimEnd('.')}[{i}]";
                if (array[i] is null)
                    throw new RecipeException(_source, $"'{where}' is empty", Describe(element));
                CheckKeys(array[i], element, $"{where}.");
            }
        }

        if (node is JsonObject named && ValueType(type) is { } each)
        {
            foreach ((string key, JsonNode? value) in named)
                CheckKeys(value, each, $"{prefix}{key}.");
            return;
        }

        if (node is not JsonObject section || !IsSection(type))
            return;
        bool isTask = type == typeof(TaskSection);
        if (isTask)
            type = TaskType(section, prefix + KindKey);
        foreach ((string key, JsonNode? value) in section)
        {
            if (isTask && key == KindKey)
                continue;
            if (prefix.Length == 0 && key == "$schema")
                continue;
            CheckKeys(value, Property(type, key, prefix + key).PropertyType, $"{prefix}{key}.");
        }
    }

    /// <summary>The options of the kind that a section <c>task</c> names.</summary>
    private Type TaskType(JsonObject section, string where)
    {
        string? kind = section[KindKey] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
        if (kind is null)
            throw new RecipeException(_source, $"'{where}' is of a task without a kind", Kinds());
        try
        {
            return _catalog.FindTask(kind).OptionsType;
        }
        catch (NotFoundException error)
        {
            throw new RecipeException(_source, $"there is no task '{kind}'", _catalog.TaskKinds.Any() ? Suggestion.For(kind, _catalog.TaskKinds) : Kinds(), error);
        }
    }

    private string Kinds() => _catalog.TaskKinds.Any()
        ? $"give task.kind: {string.Join(", ", _catalog.TaskKinds)}"
        : "leave it out: this program adds no tasks, and what is trained is said by the section objective";

    private JsonPropertyInfo Property(Type type, string name, string where)
    {
        JsonTypeInfo info = _catalog.Json.GetTypeInfo(type);
        return info.Properties.FirstOrDefault(p => p.Name == name)
            ?? throw new RecipeException(_source, $"there is no option '{where}'", Hint(name, where, info, _catalog));
    }

    /// <summary>The whole path of what was meant: of that name anywhere in a recipe, or of a similar one in the same section.</summary>
    private static string Hint(string name, string where, JsonTypeInfo section, EspalierCatalog catalog)
    {
        string parent = where[..^name.Length];
        string[] same = [.. OptionPaths.Of(catalog).Where(p => p[(p.LastIndexOf('.') + 1)..].Equals(name, StringComparison.OrdinalIgnoreCase))
            .OrderBy(p => p.Count(c => c == '.')).ThenByDescending(p => p, StringComparer.Ordinal)];
        string[] below = [.. same.Where(p => p.StartsWith(parent, StringComparison.Ordinal))];
        string[] near = [.. Suggestion.Near(name, section.Properties.Select(p => p.Name)).Select(n => parent + n)];
        string[] meant = below.Length > 0 ? below : near.Length > 0 ? near : same;
        return meant.Length > 0
            ? $"did you mean {string.Join(" or ", meant.Take(3).Select(p => $"'{p}'"))}?"
            : Suggestion.For(name, section.Properties.Select(p => p.Name));
    }

    private JsonNode? Value(string text, Type type, bool mayBeNull, string where)
    {
        JsonNode? value;
        try
        {
            value = StrictJson.Node(text, Lenient);
        }
        catch (JsonException)
        {
            value = JsonValue.Create(text);
        }

        // Text that looks like a number is still text where text is wanted, and durations are text.
        if (type == typeof(string) && value is JsonValue && value.GetValueKind() != JsonValueKind.String)
            value = JsonValue.Create(text);
        if (value is null)
            return mayBeNull ? null : throw new RecipeException(_source, $"'{where}' cannot be null", Describe(type));
        try
        {
            value.Deserialize(type, _catalog.Json);
            return value;
        }
        catch (JsonException)
        {
            throw new RecipeException(_source, $"'{where}' cannot be {text}", Describe(type));
        }
    }

    private string Expected(string path)
    {
        Type type = typeof(Recipe);
        foreach (string part in path.Split('.'))
        {
            if (type == typeof(TaskSection) || _catalog.Json.GetTypeInfo(type).Properties.FirstOrDefault(p => p.Name == part.Split('[')[0]) is not { } property)
                break;
            type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (part.EndsWith(']'))
                type = ElementType(type) ?? type;
        }

        return Describe(type);
    }

    private static string Describe(Type type)
    {
        if (type.IsEnum)
            return $"it is one of {string.Join(", ", Enum.GetNames(type).Select(n => $"\"{JsonNamingPolicy.CamelCase.ConvertName(n)}\""))}";
        if (type == typeof(Espalier.Training.Loop.Duration))
            return "it is a duration: \"40 epochs\", \"1500 steps\" or \"20480 samples\"";
        if (type == typeof(bool))
            return "it is true or false";
        if (type == typeof(int) || type == typeof(long))
            return "it is a whole number";
        if (type == typeof(double))
            return "it is a number";
        if (type == typeof(string))
            return "it is text in quotes";
        return ElementType(type) is { } element ? $"it is a list; of each: {Describe(element)}" : "it is a section { ... }";
    }
}
